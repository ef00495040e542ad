import { eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollments } from './tables.ts';
import type { EnrollmentIdentity } from '../types.ts';

/** What a process that changes the record later on must say of the enrollment, and the record's revision; or null. */
export async function enrollmentIdentity(
  { db }: StudyDeps,
  { input }: Read<{ enrollmentId: string }>,
): Promise<{ identity: EnrollmentIdentity; revision: number } | null> {
  const [row] = await read(db, (orm) => orm.select().from(enrollments).where(eq(enrollments.id, input.enrollmentId)));
  if (!row) return null;
  const { id: enrollmentId, studyId, studyCode, siteId, siteCode, patientId, protocolVersionId, requestKey, contentHash, rescreenOf, revision } = row;
  const identity = { enrollmentId, studyId, studyCode, siteId, siteCode, patientId, protocolVersionId, requestKey, contentHash, rescreenOf };
  return { identity, revision };
}
