import { eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/index.ts';
import { type Identifier, isResidentId } from './identifier.ts';
import { maskBirthDate, maskEmail, maskIdentifier, maskMobile, maskName, maskResidentId } from './masking.ts';
import type { SEXES } from './schemas.ts';
import { patients } from './tables.ts';

/** A person as shown. Masked: name, identifiers, mobile, e-mail, and of the birth date the year only. */
export type PatientInfo = {
  id: string;
  name: string;
  idCard: string | null;
  identifiers: Identifier[];
  mobile: string | null;
  email: string | null;
  dateOfBirth: string | null;
  sex: (typeof SEXES)[number] | null;
  siteIds: string[];
  version: number;
  createdAt: string;
};

// One query for the whole person; names are spelt out, because in a select from one table Drizzle leaves prefixes away.
const identifiersOf = sql<Identifier[]>`(
  select coalesce(json_agg(json_build_object('type', i.type, 'country', i.country, 'value', i.value) order by i.id), '[]'::json)
  from patient.patient_identifiers i where i.patient_id = "patient"."patients"."id")`;

type Row = Omit<PatientInfo, 'idCard' | 'createdAt'> & { createdAt: Date };

async function rowsWhere(orm: Pick<Transaction, 'select'>, condition: SQL, limit: number): Promise<Row[]> {
  return orm
    .select({
      id: patients.id,
      name: patients.name,
      identifiers: identifiersOf,
      mobile: patients.mobile,
      email: patients.email,
      dateOfBirth: patients.dateOfBirth,
      sex: patients.sex,
      siteIds: patients.siteIds,
      version: patients.version,
      createdAt: patients.createdAt,
    })
    .from(patients)
    .where(condition)
    .limit(limit);
}

/** The person with this id. */
export async function findPerson(orm: Pick<Transaction, 'select'>, patientId: string): Promise<Row | undefined> {
  const [row] = await rowsWhere(orm, eq(patients.id, patientId), 1);
  return row;
}

/** The persons with these ids, at most `limit`. */
export async function findPersons(orm: Pick<Transaction, 'select'>, ids: string[], limit: number): Promise<Row[]> {
  return ids.length === 0 ? [] : rowsWhere(orm, inArray(patients.id, ids), limit);
}

/** What is shown of a person: everything (`reveal`), or the masked view. */
export function toPatientInfo(row: Row, { reveal }: { reveal: boolean }): PatientInfo {
  const others = row.identifiers.filter((one) => !isResidentId(one));
  const number = row.identifiers.find(isResidentId)?.value ?? null;
  const common = { id: row.id, sex: row.sex, siteIds: row.siteIds, version: row.version, createdAt: row.createdAt.toISOString() };
  if (reveal) {
    const { name, mobile, email, dateOfBirth } = row;
    return { ...common, name, idCard: number, identifiers: others, mobile, email, dateOfBirth };
  }
  return {
    ...common,
    name: maskName(row.name),
    idCard: number && maskResidentId(number),
    identifiers: others.map((one) => ({ ...one, value: maskIdentifier(one.value) })),
    mobile: row.mobile && maskMobile(row.mobile),
    email: row.email && maskEmail(row.email),
    dateOfBirth: row.dateOfBirth && maskBirthDate(row.dateOfBirth),
  };
}
