import { statement, withTransaction } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import { flowOf } from './flow-of.ts';
import { readArms } from './read-arms.ts';
import { type Place, readCounts } from './read-counts.ts';
import type { StudyDeps } from '../deps.ts';
import type { EnrollmentSummary } from '../types.ts';

/**
 * How many enrollments of a study stand at which stage and have which outcome, and the flow of participants in the
 * terms of CONSORT 2010; with `siteIds` only at these sites. All of it from one snapshot of Study's records, so the
 * sums add up. Enrollments are counted, not persons: who is screened again counts once more. Arms are pooled until
 * two persons have unblinded the study.
 */
export async function enrollmentSummary({ db, clock }: StudyDeps, { input }: Read<Place>): Promise<EnrollmentSummary> {
  const { counts, arms } = await withTransaction(db, async (tx) => {
    await statement(tx.setTransaction({ isolationLevel: 'repeatable read', accessMode: 'read only' }));
    const [counted, byArm] = await Promise.all([readCounts(tx, input), readArms(tx, input)]);
    return { counts: counted, arms: byArm };
  });
  const summary: EnrollmentSummary = { byStage: {}, byOutcome: {}, total: 0, flow: { ...flowOf(counts, clock()), ...(arms && { arms }) } };
  for (const { stage, outcome, n } of counts.standings) {
    summary.byStage[stage] = (summary.byStage[stage] ?? 0) + n;
    if (outcome !== 'open') summary.byOutcome[outcome] = (summary.byOutcome[outcome] ?? 0) + n;
    summary.total += n;
  }
  return summary;
}
