import { desc, eq } from 'drizzle-orm';
import { type ServiceDatabase, type Transaction, withTransaction, writeAudit } from '../../db/index.ts';
import { covers, grantOf } from '../common/authority/index.ts';
import type { Read } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { parsed } from './errors.ts';
import { identifierHash, mobileHash, RESIDENT_ID } from './identifier.ts';
import { findPersons, type PatientInfo, toPatientInfo } from './person-view.ts';
import { type SearchPersons, searchPersonsBody } from './schemas.ts';
import { patientIdentifiers, patients } from './tables.ts';

const MOST_HITS = 50;

/**
 * Persons within the caller's reach with exactly this resident ID, identifier or mobile number (found by keyed HMAC),
 * masked, at most 50. Every hit is audited as a read; the value searched for is not written anywhere. Throws `invalid_input`.
 */
export async function searchPersons(deps: PatientDeps, { ctx, input }: Read<SearchPersons>): Promise<{ items: PatientInfo[] }> {
  const by = parsed(searchPersonsBody, input);
  return withTransaction(deps.db, async (tx) => {
    const rows = await findPersons(deps.db, tx, await idsOf(tx, deps.db, by), MOST_HITS);
    await writeAudit(
      tx,
      { db: deps.db, ledger, verb: 'searchPersons', ctx },
      rows.map((row) => ({ action: 'R', entity: 'patient', entityId: row.id, owner: row.id, after: { foundBy: Object.keys(by)[0] } })),
    );
    const reach = grantOf(ctx);
    const within = rows.filter(({ id, siteIds }) => covers(reach, { siteIds, patientId: id }));
    return { items: within.map((row) => toPatientInfo(row, { reveal: false })) };
  });
}

async function idsOf(tx: Transaction, { indexKey }: ServiceDatabase, by: SearchPersons): Promise<string[]> {
  if (by.mobile !== undefined) {
    const found = await tx
      .select({ id: patients.id })
      .from(patients)
      .where(eq(patients.mobileHash, mobileHash(indexKey, by.mobile)))
      .orderBy(desc(patients.id))
      .limit(MOST_HITS);
    return found.map((row) => row.id);
  }
  const wanted = by.identifier ?? { ...RESIDENT_ID, value: by.idCard ?? '' };
  const found = await tx
    .select({ id: patientIdentifiers.patientId })
    .from(patientIdentifiers)
    .where(eq(patientIdentifiers.hash, identifierHash(indexKey, wanted)));
  return found.map((row) => row.id);
}
