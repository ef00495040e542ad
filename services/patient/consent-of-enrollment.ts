import { asc, eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { consents } from './tables.ts';

type EnrollmentConsent = Pick<typeof consents.$inferSelect, 'patientId' | 'studyId' | 'siteId' | 'validity' | 'status' | 'capacity' | 'canRead'> & {
  consentId: string;
  recordedAt: string;
};

/**
 * The consent that an enrollment began with, whatever became of it; null when none is recorded. It is the first
 * trace of an enrollment, by which one that was just answered is found.
 */
export async function consentOfEnrollment(
  { db }: PatientDeps,
  { input }: Read<{ enrollmentId: string }>,
): Promise<EnrollmentConsent | null> {
  const [row] = await read(db, (orm) =>
    orm.select().from(consents).where(eq(consents.enrollmentId, input.enrollmentId)).orderBy(asc(consents.id)).limit(1),
  );
  if (!row) return null;
  const { id: consentId, patientId, studyId, siteId, validity, status, capacity, canRead, recordedAt } = row;
  return { consentId, patientId, studyId, siteId, validity, status, capacity, canRead, recordedAt: recordedAt.toISOString() };
}
