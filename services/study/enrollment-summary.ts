import { and, count, eq, inArray } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { StudyDeps } from './deps.ts';
import { enrollments } from './tables.ts';
import type { EnrollmentSummary } from './types.ts';

/** How many enrollments of a study stand at which stage and have which outcome; with `siteIds` only at these sites. */
export async function enrollmentSummary(
  { db }: StudyDeps,
  { input }: Read<{ studyId: string; siteIds?: string[] | undefined }>,
): Promise<EnrollmentSummary> {
  const { studyId, siteIds } = input;
  const rows = await read(db, (orm) =>
    orm
      .select({ stage: enrollments.stage, outcome: enrollments.outcome, n: count() })
      .from(enrollments)
      .where(and(eq(enrollments.studyId, studyId), siteIds && inArray(enrollments.siteId, siteIds)))
      .groupBy(enrollments.stage, enrollments.outcome),
  );
  const summary: EnrollmentSummary = { byStage: {}, byOutcome: {}, total: 0 };
  for (const { stage, outcome, n } of rows) {
    summary.byStage[stage] = (summary.byStage[stage] ?? 0) + n;
    if (outcome !== 'open') summary.byOutcome[outcome] = (summary.byOutcome[outcome] ?? 0) + n;
    summary.total += n;
  }
  return summary;
}
