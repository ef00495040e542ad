import { and, eq } from 'drizzle-orm';
import { type Cells, runCommand, statement, type Transaction } from '../../db/index.ts';
import { type Call, notFound } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { birthDateInFuture, disagreesWithIdCard, identityConflict, parsed, reasonRequired, versionStale } from './errors.ts';
import { isResidentId, mobileHash, RESIDENT_ID } from './identifier.ts';
import { addIdentifiers, type HashedIdentifier, hashedIdentifiers, lockIdentifiers } from './identifier-store.ts';
import { findPerson } from './person-view.ts';
import { birthDateOf, isFutureDay, sexOf } from './resident-id.ts';
import { type PersonChanges, personChanges } from './schemas.ts';
import { patientCells } from './sealed-rows.ts';
import { patientIdentifiers, patients } from './tables.ts';

export type AmendPerson = { patientId: string; expectedVersion: number; changes: PersonChanges };

/**
 * Corrects a person's details, with a reason; the audit trail keeps the old values. A new resident ID replaces the
 * old one and brings its birth date and sex; other identifiers are added. Throws `reason_required`,
 * `patient_not_found`, `version_stale`, `identity_conflict` (another person's identifier),
 * `disagrees_with_id_card`, `birth_date_in_future`, `invalid_input`.
 */
export async function amendPerson(
  { db, clock }: PatientDeps,
  { ctx, key, input }: Call<AmendPerson>,
): Promise<{ patientId: string; version: number }> {
  if (!ctx.reason?.trim()) throw reasonRequired();
  const { patientId, expectedVersion } = input;
  const changes = parsed(personChanges, input.changes);
  const at = clock();
  const content = { patientId, expectedVersion, changes, reason: ctx.reason };
  return runCommand({ db, ledger, verb: 'amendPerson', key, content, ctx }, async (tx, audit) => {
    const identifiers = hashedIdentifiers(db.indexKey, changes);
    const owners = identifiers.length > 0 ? await lockIdentifiers(tx, identifiers) : [];
    if (owners.some((one) => one.patientId !== patientId)) throw identityConflict();
    await statement(tx.select({ id: patients.id }).from(patients).where(eq(patients.id, patientId)).for('update'));
    const before = await findPerson(db, tx, patientId);
    if (!before) throw notFound('patient');
    if (before.version !== expectedVersion) throw versionStale(before.version);

    const taken = new Set(owners.map((one) => one.hash));
    const added = identifiers.filter((one) => !taken.has(one.hash));
    const details = agreed(changes, { recorded: before.identifiers.find(isResidentId)?.value, added });
    if (details.dateOfBirth && isFutureDay(details.dateOfBirth, at)) throw birthDateInFuture();
    if (added.some(isResidentId)) await dropResidentId(tx, patientId);
    const dataKey = await db.vault.keyFor(tx, patientId);
    await addIdentifiers(tx, { patientId, key: dataKey, identifiers: added, at });
    const version = before.version + 1;
    const hashed = details.mobile === undefined ? {} : { mobileHash: details.mobile && mobileHash(db.indexKey, details.mobile) };
    await statement(tx.update(patients).set({ ...sealedDetails(patientCells(dataKey, patientId), details), ...hashed, version, updatedAt: at }).where(eq(patients.id, patientId)));
    const after = await findPerson(db, tx, patientId);
    audit({ action: 'U', entity: 'patient', entityId: patientId, owner: patientId, ...changedFields(before, after ?? {}) });
    return { patientId, version };
  });
}

/** The columns to change, after what a resident ID says about birth date and sex. */
function agreed(changes: PersonChanges, card: { recorded: string | undefined; added: HashedIdentifier[] }) {
  const { idCard: _idCard, identifiers: _identifiers, ...details } = changes;
  const replacement = card.added.find(isResidentId)?.value;
  if (replacement) return { ...details, dateOfBirth: birthDateOf(replacement), sex: sexOf(replacement) };
  if (!card.recorded) return details;
  const { dateOfBirth = birthDateOf(card.recorded), sex = sexOf(card.recorded) } = details;
  if (dateOfBirth !== birthDateOf(card.recorded) || sex !== sexOf(card.recorded)) throw disagreesWithIdCard();
  return details;
}

/** The columns that change, those that identify sealed. */
function sealedDetails(cells: Cells, { sex, name, mobile, email, dateOfBirth }: Omit<PersonChanges, 'idCard' | 'identifiers'>) {
  return {
    ...(sex === undefined ? {} : { sex }),
    ...(name === undefined ? {} : { name: cells.seal('name', name) }),
    ...(mobile === undefined ? {} : { mobile: cells.seal('mobile', mobile) }),
    ...(email === undefined ? {} : { email: cells.seal('email', email) }),
    ...(dateOfBirth === undefined ? {} : { dateOfBirth: cells.seal('date_of_birth', dateOfBirth) }),
  };
}

async function dropResidentId(tx: Transaction, patientId: string): Promise<void> {
  const { type, country } = RESIDENT_ID;
  const residentIds = and(
    eq(patientIdentifiers.patientId, patientId),
    eq(patientIdentifiers.type, type),
    eq(patientIdentifiers.country, country),
  );
  await statement(tx.delete(patientIdentifiers).where(residentIds));
}

/** The fields that differ, as they were and as they are. */
function changedFields(before: object, after: object) {
  const was = Object.entries(before).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(after[field as never]));
  return {
    before: Object.fromEntries(was),
    after: Object.fromEntries(was.map(([field]) => [field, after[field as never]])),
  };
}
