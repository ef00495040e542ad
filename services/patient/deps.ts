import type { ServiceDatabase } from '../../db/index.ts';
import type { CommandCheck } from '../common/index.ts';
import type { StudyClient } from '../study/client.ts';
import { auditEntries, commandKeys } from './tables.ts';

/** What the Patient service needs. */
export type PatientDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  /** Holds what comes by a workflow against what the API has signed. */
  commands: CommandCheck;
  /** How long what identifies a participant is kept after the last enrollment ended. */
  retentionYears: number;
  study: Pick<StudyClient, 'judgeConsent' | 'listEnrollments'>;
};

export const ledger = { commandKeys, auditEntries };
