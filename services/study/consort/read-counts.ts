import { and, count, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { allocations } from '../randomisation/tables.ts';
import { eligibilityEvaluations } from '../eligibility/tables.ts';
import { enrollments, screeningRefusals } from '../enrollments/tables.ts';
import { protocolVersions } from '../tables.ts';
import type { ExpiryReason, Outcome, RefusalReason, Stage } from '../vocabulary.ts';

export type Place = { studyId: string; siteIds?: string[] | undefined };
/** So many enrollments alike; `expiry` only of expired ones. */
export type Standing = { stage: Stage; outcome: Outcome | 'open'; expiry: ExpiryReason | null; followedUp: boolean; allocated: boolean; n: number };
/** So many screen failures with the same failed criteria. */
export type FailedTogether = { criteria: { code: string; text: string }[]; n: number };
export type Counts = { standings: Standing[]; refusals: { reason: RefusalReason; n: number }[]; failures: FailedTogether[]; randomises: boolean };

/**
 * What the flow of participants is counted from; with `siteIds` only at these sites. Of an allocation it asks only
 * whether there is one: the arm stays in the list. One snapshot when the transaction is a repeatable read.
 */
export async function readCounts(tx: Transaction, { studyId, siteIds }: Place): Promise<Counts> {
  const at = (table: typeof enrollments | typeof screeningRefusals) =>
    and(eq(table.studyId, studyId), siteIds && inArray(table.siteId, siteIds));
  const grouped = {
    stage: enrollments.stage,
    outcome: enrollments.outcome,
    expiry: enrollments.expiryReason,
    followedUp: sql<boolean>`${enrollments.status} = 'follow-up'`,
    allocated: sql<boolean>`${allocations.id} is not null`,
  };
  const [standings, refusals, failures, [some]] = await Promise.all([
    statement(
      tx
        .select({ ...grouped, n: count() })
        .from(enrollments)
        .leftJoin(allocations, eq(allocations.enrollmentId, enrollments.id))
        .where(at(enrollments))
        .groupBy(...Object.values(grouped)),
    ),
    statement(
      tx.select({ reason: screeningRefusals.reason, n: count() }).from(screeningRefusals).where(at(screeningRefusals)).groupBy(screeningRefusals.reason),
    ),
    failedTogether(tx, at(enrollments)),
    statement(
      tx
        .select({ n: count() })
        .from(protocolVersions)
        .where(and(eq(protocolVersions.studyId, studyId), sql`${protocolVersions.body} ? 'randomisation'`)),
    ),
  ]);
  return { standings, refusals, failures, randomises: (some?.n ?? 0) > 0 };
}

/** By the latest evaluation, which is what a screen failure rests on; without the values that it was judged by. */
async function failedTogether(tx: Transaction, at: SQL | undefined): Promise<FailedTogether[]> {
  const rows = await statement(
    tx.execute<FailedTogether>(sql`
      select failed.criteria, count(*)::int as n
      from ${enrollments}
      left join lateral (
        select e.criteria from ${eligibilityEvaluations} e where e.enrollment_id = ${enrollments.id} order by e.id desc limit 1
      ) as latest on true
      cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object('code', one -> 'code', 'text', one -> 'text')), '[]') as criteria
        from jsonb_array_elements(latest.criteria) as one where one ->> 'result' = 'failed'
      ) as failed
      where ${at} and ${enrollments.outcome} = 'screen_failed'
      group by failed.criteria`),
  );
  return [...rows];
}
