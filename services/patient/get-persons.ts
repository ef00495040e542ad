import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { parsed } from './errors.ts';
import { findPersons, type PatientInfo, toPatientInfo } from './person-view.ts';
import { type PersonsByIds, personsByIds } from './schemas.ts';

/** Persons by their ids, masked, in the order asked for; ids that nobody has are left out. Throws `invalid_input`. */
export async function getPersons({ db }: PatientDeps, { input }: Read<PersonsByIds>): Promise<{ items: PatientInfo[] }> {
  const { patientIds } = parsed(personsByIds, input);
  const rows = await read(db, (orm) => findPersons(db, orm, patientIds, patientIds.length));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return { items: patientIds.flatMap((id) => byId.get(id) ?? []).map((row) => toPatientInfo(row, { reveal: false })) };
}
