import { desc, eq } from 'drizzle-orm';
import { type ServiceDatabase, type Transaction, withTransaction, writeAudit } from '../../db/index.ts';
import { covers, grantOf } from '../common/authority/index.ts';
import type { Actor, Read } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { parsed } from './errors.ts';
import { identifierHash, mobileHash, RESIDENT_ID } from './identifier.ts';
import { findPersons, type PatientInfo, toPatientInfo } from './person-view.ts';
import { type SearchPersons, searchPersonsBody } from './schemas.ts';
import { patientIdentifiers, patients } from './tables.ts';

const MOST_HITS = 50;

/**
 * Persons within the caller's reach with exactly this resident ID, identifier or mobile number (found by keyed HMAC),
 * masked, at most 50. Every hit is audited as a read, also of whom the caller may not see, and so is a search without any:
 * whoever tries numbers is seen, and the time of the answer tells nobody whether there is such a person elsewhere. The
 * value searched for is not written anywhere. Throws `invalid_input`.
 */
export async function searchPersons(deps: PatientDeps, { ctx, input }: Read<SearchPersons>): Promise<{ items: PatientInfo[] }> {
  const by = parsed(searchPersonsBody, input);
  return withTransaction(deps.db, async (tx) => {
    const rows = await findPersons(deps.db, tx, await idsOf(tx, deps.db, by), MOST_HITS);
    await writeAudit(
      tx,
      { db: deps.db, ledger, verb: 'searchPersons', ctx },
      rows.length === 0
        ? [{ action: 'R', entity: 'search', entityId: byWhom(ctx.actor), after: { by: Object.keys(by)[0], hits: 0 } }]
        : rows.map((row) => ({ action: 'R', entity: 'patient', entityId: row.id, owner: row.id, after: { foundBy: Object.keys(by)[0] } })),
    );
    const reach = grantOf(ctx);
    const within = rows.filter(({ id, siteIds }) => covers(reach, { siteIds, patientId: id }));
    return { items: within.map((row) => toPatientInfo(row, { reveal: false })) };
  });
}

const byWhom = (actor: Actor) => (actor.kind === 'user' ? actor.id : actor.kind === 'workflow' ? actor.onBehalfOf.id : actor.service);

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
