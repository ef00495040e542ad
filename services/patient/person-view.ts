import { eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { DataKey, ServiceDatabase, Transaction } from '../../db/index.ts';
import { type Identifier, isResidentId } from './identifier.ts';
import { maskBirthDate, maskEmail, maskIdentifier, maskMobile, maskName, maskResidentId } from './masking.ts';
import type { SEXES } from './schemas.ts';
import { identifierCells, patientCells } from './sealed-rows.ts';
import { patients } from './tables.ts';

/** A person as shown. Masked: name, identifiers, mobile, e-mail, and of the birth date the year only. */
export type PatientInfo = {
  id: string;
  /** Empty when the identifying data have been erased. */
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
  /** When the identifying data were erased, all of which are empty from then on. */
  erasedAt: string | null;
};

type SealedIdentifier = { id: string; type: string; country: string; value: string };

// One query for the whole person; names are spelt out, because in a select from one table Drizzle leaves prefixes away.
const identifiersOf = sql<SealedIdentifier[]>`(
  select coalesce(json_agg(json_build_object('id', i.id, 'type', i.type, 'country', i.country, 'value', encode(i.value, 'base64')) order by i.id), '[]'::json)
  from patient.patient_identifiers i where i.patient_id = "patient"."patients"."id")`;

type Row = Omit<PatientInfo, 'idCard' | 'createdAt' | 'erasedAt'> & { createdAt: Date; erasedAt: Date | null };
type Reader = Pick<Transaction, 'select' | 'execute'>;

async function rowsWhere({ vault }: ServiceDatabase, orm: Reader, condition: SQL, limit: number): Promise<Row[]> {
  const rows = await orm.select({ ...columns, identifiers: identifiersOf }).from(patients).where(condition).limit(limit);
  const keys = await vault.keysOf(orm, rows.map((row) => row.id));
  return rows.map((row) => opened(row, row.erasedAt ? null : keys.get(row.id)));
}

const columns = {
  id: patients.id,
  name: patients.name,
  mobile: patients.mobile,
  email: patients.email,
  dateOfBirth: patients.dateOfBirth,
  sex: patients.sex,
  siteIds: patients.siteIds,
  version: patients.version,
  createdAt: patients.createdAt,
  erasedAt: patients.erasedAt,
};

type SealedRow = Pick<typeof patients.$inferSelect, keyof typeof columns> & { identifiers: SealedIdentifier[] };

function opened(row: SealedRow, key: DataKey | null | undefined): Row {
  const cells = patientCells(key, row.id);
  return {
    ...row,
    name: cells.open('name', row.name) ?? '',
    mobile: cells.open('mobile', row.mobile),
    email: cells.open('email', row.email),
    dateOfBirth: cells.open('date_of_birth', row.dateOfBirth),
    identifiers: row.identifiers.flatMap(({ id, type, country, value }) => {
      const plain = identifierCells(key, id).open('value', Buffer.from(value, 'base64'));
      return plain === null ? [] : [{ type, country, value: plain }];
    }),
  };
}

/** The person with this id. */
export async function findPerson(db: ServiceDatabase, orm: Reader, patientId: string): Promise<Row | undefined> {
  const [row] = await rowsWhere(db, orm, eq(patients.id, patientId), 1);
  return row;
}

/** The persons with these ids, at most `limit`. */
export async function findPersons(db: ServiceDatabase, orm: Reader, ids: string[], limit: number): Promise<Row[]> {
  return ids.length === 0 ? [] : rowsWhere(db, orm, inArray(patients.id, ids), limit);
}

/** What is shown of a person: everything (`reveal`), or the masked view. */
export function toPatientInfo(row: Row, { reveal }: { reveal: boolean }): PatientInfo {
  const others = row.identifiers.filter((one) => !isResidentId(one));
  const number = row.identifiers.find(isResidentId)?.value ?? null;
  const { id, sex, siteIds, version, createdAt, erasedAt } = row;
  const common = { id, sex, siteIds, version, createdAt: createdAt.toISOString(), erasedAt: erasedAt?.toISOString() ?? null };
  if (reveal) {
    const { name, mobile, email, dateOfBirth } = row;
    return { ...common, name, idCard: number, identifiers: others, mobile, email, dateOfBirth };
  }
  return {
    ...common,
    name: row.name && maskName(row.name),
    idCard: number && maskResidentId(number),
    identifiers: others.map((one) => ({ ...one, value: maskIdentifier(one.value) })),
    mobile: row.mobile && maskMobile(row.mobile),
    email: row.email && maskEmail(row.email),
    dateOfBirth: row.dateOfBirth && maskBirthDate(row.dateOfBirth),
  };
}
