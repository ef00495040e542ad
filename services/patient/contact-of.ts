import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patients } from './tables.ts';

/** Where the person can be written to; null when no e-mail address is known. Throws `patient_not_found`. */
export async function contactOf(
  { db }: PatientDeps,
  { input }: Read<{ patientId: string }>,
): Promise<{ email: string | null }> {
  const [row] = await read(db, (orm) =>
    orm.select({ email: patients.email }).from(patients).where(eq(patients.id, input.patientId)),
  );
  if (!row) throw notFound('patient');
  return row;
}
