import { statement, withTransaction } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import { flowOf } from './consort/flow-of.ts';
import { type Place, readCounts } from './consort/read-counts.ts';
import type { StudyDeps } from './deps.ts';
import type { EnrollmentSummary } from './types.ts';

/**
 * How many enrollments of a study stand at which stage and have which outcome, and the flow of participants in the
 * terms of CONSORT 2010; with `siteIds` only at these sites. All of it from one snapshot of Study's records, so the
 * sums add up. Enrollments are counted, not persons: who is screened again counts once more. Arms are pooled.
 */
export async function enrollmentSummary({ db, clock }: StudyDeps, { input }: Read<Place>): Promise<EnrollmentSummary> {
  const counts = await withTransaction(db, async (tx) => {
    await statement(tx.setTransaction({ isolationLevel: 'repeatable read', accessMode: 'read only' }));
    return readCounts(tx, input);
  });
  const summary: EnrollmentSummary = { byStage: {}, byOutcome: {}, total: 0, flow: flowOf(counts, clock()) };
  for (const { stage, outcome, n } of counts.standings) {
    summary.byStage[stage] = (summary.byStage[stage] ?? 0) + n;
    if (outcome !== 'open') summary.byOutcome[outcome] = (summary.byOutcome[outcome] ?? 0) + n;
    summary.total += n;
  }
  return summary;
}
