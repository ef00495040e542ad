import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { ageAt, missingSigners as lacking, type Signing } from './required-signers.ts';
import type { SignerRole } from './schemas.ts';
import { patientCells } from './sealed-rows.ts';
import { patients } from './tables.ts';

export type MissingSigners = Pick<Signing, 'capacity' | 'canRead'> & {
  patientId: string;
  /** Country of the protocol's rule. */
  consentRule: string;
  signers: { role: SignerRole; signedAt: string }[];
};

/**
 * Which required signatures a consent lacks, judged by the person's age at its earliest signature. Tells roles only,
 * never the age. Throws `patient_not_found`.
 */
export async function missingSigners(
  { db, clock }: PatientDeps,
  { input }: Read<MissingSigners>,
): Promise<{ missing: SignerRole[] }> {
  const { patientId, consentRule: rule, capacity, canRead, signers } = input;
  const birthDate = await read(db, async (orm) => {
    const [person] = await orm.select({ sealed: patients.dateOfBirth }).from(patients).where(eq(patients.id, patientId));
    if (!person) throw notFound('patient');
    const keys = await db.vault.keysOf(orm, [patientId]);
    return patientCells(keys.get(patientId), patientId).open('date_of_birth', person.sealed);
  });
  const signatures = signers.map((one) => Date.parse(one.signedAt));
  const at = signatures.length > 0 ? new Date(Math.min(...signatures)) : clock();
  const ageYears = birthDate === null ? null : ageAt({ rule, birthDate, at });
  return { missing: lacking({ rule, ageYears, capacity, canRead, roles: signers.map((one) => one.role) }) };
}
