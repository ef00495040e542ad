import { eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollments } from './tables.ts';
import { toRecords } from './to-record.ts';
import type { EnrollmentRecord } from '../types.ts';

/** The record of an enrollment, or null while none of its steps has reached Study. */
export async function getEnrollment(
  { db }: StudyDeps,
  { input }: Read<{ enrollmentId: string }>,
): Promise<EnrollmentRecord | null> {
  const [record] = await read(db, async (orm) =>
    toRecords(db, orm, await orm.select().from(enrollments).where(eq(enrollments.id, input.enrollmentId))),
  );
  return record ?? null;
}
