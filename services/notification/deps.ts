import type { ServiceDatabase } from '../../db/index.ts';
import type { PatientClient } from '../patient/client.ts';
import type { StudyClient } from '../study/client.ts';
import type { Mailer } from './mailer.ts';
import { auditEntries, commandKeys } from './tables.ts';

/** What the Notification service needs. */
export type NotificationDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  mailer: Mailer;
  /** Where notices for operators go; null: nowhere. */
  opsEmail: string | null;
  /** The privacy officer of the installation. */
  privacyEmail: string;
  study: Pick<StudyClient, 'listRecipients'>;
  patient: Pick<PatientClient, 'contactOf'>;
};

export const ledger = { commandKeys, auditEntries };
