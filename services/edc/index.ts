import { authoriseWith } from '../common/authority/index.ts';
import { type Bound, bindVerbs } from '../common/index.ts';
import { listAuditEntriesIn } from '../common/audit/list-audit-entries.ts';
import { rewrapDataKeysIn } from '../common/rewrap-data-keys.ts';
import { settleStepIn } from '../common/settle-step.ts';
import { guards } from './guards.ts';
import { casebookOf } from './casebook-of.ts';
import { closeCasebook } from './close-casebook.ts';
import { closeScreening } from './close-screening.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockCasebook } from './lock-casebook.ts';
import { openCasebook } from './open-casebook.ts';
import { openScreening } from './open-screening.ts';
import { recordScreeningResults } from './record-screening-results.ts';
import { screeningResultsOf } from './screening-results-of.ts';
import { startEpro } from './start-epro.ts';
import { stopDataCollection } from './stop-data-collection.ts';
import { stopEpro } from './stop-epro.ts';

const verbs = {
  openScreening,
  closeScreening,
  recordScreeningResults,
  settleStep: settleStepIn(ledger),
  rewrapDataKeys: rewrapDataKeysIn(ledger),
  listAuditEntries: listAuditEntriesIn(ledger, { identifying: false }),
  authorise: authoriseWith(guards),
  screeningResultsOf,
  openCasebook,
  closeCasebook,
  lockCasebook,
  startEpro,
  stopEpro,
  stopDataCollection,
  casebookOf,
};

export type EdcService = Bound<EdcDeps, typeof verbs>;

/** EDC: screening forms and their results, casebooks with their planned visits, and ePRO schedules. */
export function edcService(deps: EdcDeps): EdcService {
  return bindVerbs(deps, verbs);
}

export type { EdcDeps } from './deps.ts';
export type { RecordedResults } from './record-screening-results.ts';
export * from './schemas.ts';
export type { StoppedDataCollection } from './stop-data-collection.ts';
