import type { ServiceDatabase } from '../../db/index.ts';
import type { PatientClient } from '../patient/client.ts';
import type { StudyClient } from '../study/client.ts';
import type { MailError, Mailer } from './mailer.ts';
import { auditEntries, commandKeys, type MessageKind } from './tables.ts';

/** What came of handing one mail over. */
export type Delivery = { kind: MessageKind; result: 'sent' | MailError['code'] };

/** What the Notification service needs. */
export type NotificationDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  mailer: Mailer;
  /** Where notices for operators go; null: nowhere. */
  opsEmail: string | null;
  /** The privacy officer of the installation. */
  privacyEmail: string;
  /** Told of each mail that was handed over, or could not be. */
  onDelivery?: ((delivery: Delivery) => void) | undefined;
  study: Pick<StudyClient, 'listRecipients'>;
  patient: Pick<PatientClient, 'contactOf'>;
};

export const ledger = { commandKeys, auditEntries };
