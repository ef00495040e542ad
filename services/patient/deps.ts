import type { ServiceDatabase } from '../../db/index.ts';
import type { StudyClient } from '../study/client.ts';
import { auditEntries, commandKeys } from './tables.ts';

/** What the Patient service needs. */
export type PatientDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  study: Pick<StudyClient, 'judgeConsent'>;
};

export const ledger = { commandKeys, auditEntries };
