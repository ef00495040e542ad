import { and, asc, count, eq, inArray, sql } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { allocations, randomisationEntries } from '../randomisation/tables.ts';
import { enrollments } from '../enrollments/tables.ts';
import { isStudyUnblinded } from '../unblinding/is-study-unblinded.ts';
import type { Place } from './read-counts.ts';
import type { ConsortFlow } from './types.ts';

/** The flow by arm, of a study that two persons have unblinded; undefined as long as arms are pooled. */
export async function readArms(tx: Transaction, { studyId, siteIds }: Place): Promise<ConsortFlow['arms']> {
  if (!(await statement(isStudyUnblinded(tx, studyId)))) return undefined;
  const { outcome } = enrollments;
  return statement(
    tx
      .select({
        code: randomisationEntries.arm,
        allocated: count(),
        withdrawn: sql<number>`count(*) filter (where ${outcome} = 'withdrawn')::int`,
        active: sql<number>`count(*) filter (where ${outcome} = 'active')::int`,
      })
      .from(allocations)
      .innerJoin(randomisationEntries, and(eq(randomisationEntries.stratumId, allocations.stratumId), eq(randomisationEntries.position, allocations.position)))
      .innerJoin(enrollments, eq(enrollments.id, allocations.enrollmentId))
      .where(and(eq(enrollments.studyId, studyId), siteIds && inArray(enrollments.siteId, siteIds)))
      .groupBy(randomisationEntries.arm)
      .orderBy(asc(randomisationEntries.arm)),
  );
}
