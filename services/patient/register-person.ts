import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { type AuditEntry, runCommand, type ServiceDatabase, statement, type Transaction, violates } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { birthDateInFuture, identityConflict, parsed } from './errors.ts';
import { sameName } from './fold.ts';
import { isResidentId, mobileHash } from './identifier.ts';
import { addIdentifiers, type HashedIdentifier, hashedIdentifiers, lockIdentifiers } from './identifier-store.ts';
import { findPerson } from './person-view.ts';
import { birthDateOf, isFutureDay, sexOf } from './resident-id.ts';
import { type RegisterPerson, registerPersonBody } from './schemas.ts';
import { patientCells } from './sealed-rows.ts';
import { patients } from './tables.ts';

type Registration = { person: RegisterPerson; identifiers: HashedIdentifier[]; at: Date; audit: (entry: AuditEntry) => void };

/**
 * Registers a person at a site: one person per identifier, also when two register the same one at once. A known
 * person is linked to the site and gains the identifiers that are new; nothing else changes. What a resident ID
 * says (birth date, sex) is taken from it. Throws `identity_conflict` when the name, the birth date or
 * another identifier disagrees with the record, `birth_date_in_future`, `invalid_input`.
 */
export async function registerPerson(
  deps: PatientDeps,
  call: Call<RegisterPerson>,
): Promise<{ patientId: string; created: boolean }> {
  const { db, clock } = deps;
  const given = parsed(registerPersonBody, call.input);
  const at = clock();
  const identifiers = hashedIdentifiers(db.indexKey, given);
  const number = identifiers.find(isResidentId)?.value;
  const person = number ? { ...given, dateOfBirth: birthDateOf(number), sex: sexOf(number) } : given;
  if (person.dateOfBirth && isFutureDay(person.dateOfBirth, at)) throw birthDateInFuture();
  // No identifiers and an empty list of them are the same request; on the wire they look the same, too.
  const content = { ...given, identifiers: given.identifiers?.length ? given.identifiers : undefined };
  return runCommand({ db, ledger, verb: 'registerPerson', key: call.key, content, ctx: call.ctx }, async (tx, audit) => {
    const owners = await lockIdentifiers(tx, identifiers);
    const [owner, ...others] = new Set(owners.map((one) => one.patientId));
    if (others.length > 0) throw identityConflict();
    const registration = { person, identifiers, at, audit };
    if (owner === undefined) return { patientId: await create(tx, registration, db), created: true };
    const taken = new Set(owners.map((one) => one.hash));
    const added = identifiers.filter((one) => !taken.has(one.hash));
    await link(tx, owner, { ...registration, identifiers: added }, db);
    return { patientId: owner, created: false };
  });
}

async function create(tx: Transaction, { person, identifiers, at, audit }: Registration, db: ServiceDatabase): Promise<string> {
  const patientId = uuidv7();
  const { name, mobile = null, email = null, dateOfBirth = null, sex = null } = person;
  const siteIds = [person.siteId];
  const key = (await db.vault.newKey(tx, patientId))!;
  const cells = patientCells(key, patientId);
  const sealed = {
    name: cells.seal('name', name),
    mobile: cells.seal('mobile', mobile),
    email: cells.seal('email', email),
    dateOfBirth: cells.seal('date_of_birth', dateOfBirth),
  };
  const hashed = mobile === null ? null : mobileHash(db.indexKey, mobile);
  await statement(tx.insert(patients).values({ id: patientId, ...sealed, sex, siteIds, mobileHash: hashed, createdAt: at, updatedAt: at }));
  await addIdentifiers(tx, { patientId, key, identifiers, at });
  const after = { name, mobile, email, dateOfBirth, sex, siteIds, identifiers: shown(identifiers) };
  audit({ action: 'C', entity: 'patient', entityId: patientId, owner: patientId, after });
  return patientId;
}

async function link(tx: Transaction, patientId: string, { person, identifiers, at, audit }: Registration, db: ServiceDatabase): Promise<void> {
  await statement(tx.select({ id: patients.id }).from(patients).where(eq(patients.id, patientId)).for('update'));
  const known = await findPerson(db, tx, patientId);
  if (!known || !sameName(known.name, person.name)) throw identityConflict();
  if (known.dateOfBirth && person.dateOfBirth && known.dateOfBirth !== person.dateOfBirth) throw identityConflict();
  const gainsResidentId = identifiers.some(isResidentId);
  if (gainsResidentId && known.sex && known.sex !== person.sex) throw identityConflict();
  const key = await db.vault.keyFor(tx, patientId);
  try {
    await addIdentifiers(tx, { patientId, key, identifiers, at });
  } catch (error) {
    // The person has another resident ID already.
    if (violates(error, 'patient_identifiers_one_resident_id')) throw identityConflict();
    throw error;
  }
  const siteIds = [...new Set([...known.siteIds, person.siteId])];
  if (siteIds.length === known.siteIds.length && identifiers.length === 0) return;
  const version = known.version + (identifiers.length > 0 ? 1 : 0);
  const told = gainsResidentId ? { dateOfBirth: person.dateOfBirth ?? null, sex: person.sex ?? null } : {};
  const sealed = told.dateOfBirth === undefined ? {} : { ...told, dateOfBirth: patientCells(key, patientId).seal('date_of_birth', told.dateOfBirth) };
  await statement(tx.update(patients).set({ ...sealed, siteIds, version, updatedAt: at }).where(eq(patients.id, patientId)));
  audit({
    action: 'U',
    entity: 'patient',
    entityId: patientId,
    owner: patientId,
    before: { siteIds: known.siteIds },
    after: { siteIds, ...told, addedIdentifiers: shown(identifiers) },
  });
}

function shown(identifiers: HashedIdentifier[]) {
  return identifiers.map(({ type, country, value }) => ({ type, country, value }));
}
