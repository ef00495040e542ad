import { eq } from 'drizzle-orm';
import { statement, type Transaction } from '../../db/index.ts';
import { notFound } from '../common/index.ts';
import { patients } from './tables.ts';

/** Throws `patient_not_found` unless there is such a person. */
export async function patientExists(orm: Pick<Transaction, 'select'>, patientId: string): Promise<void> {
  const rows = await statement(orm.select({ id: patients.id }).from(patients).where(eq(patients.id, patientId)));
  if (rows.length === 0) throw notFound('patient');
}
