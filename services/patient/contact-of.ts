import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patientCells } from './sealed-rows.ts';
import { patients } from './tables.ts';

/** Where the person can be written to; null when no e-mail address is known. Throws `patient_not_found`. */
export async function contactOf(
  { db }: PatientDeps,
  { input }: Read<{ patientId: string }>,
): Promise<{ email: string | null }> {
  const { patientId } = input;
  return read(db, async (orm) => {
    const [row] = await orm.select({ email: patients.email }).from(patients).where(eq(patients.id, patientId));
    if (!row) throw notFound('patient');
    const keys = await db.vault.keysOf(orm, [patientId]);
    return { email: patientCells(keys.get(patientId), patientId).open('email', row.email) };
  });
}
