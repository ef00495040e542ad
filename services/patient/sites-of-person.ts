import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patients } from './tables.ts';

/** The sites that registered this person, or null when there is no such person. */
export async function sitesOfPerson(
  { db }: PatientDeps,
  { input }: Read<{ patientId: string }>,
): Promise<{ siteIds: string[] } | null> {
  const [row] = await read(db, (orm) =>
    orm.select({ siteIds: patients.siteIds }).from(patients).where(eq(patients.id, input.patientId)),
  );
  return row ?? null;
}
