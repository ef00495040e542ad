import { and, count, eq, gt, min, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { cellsOf, runCommand, statement, type Transaction } from '../../../db/index.ts';
import { type Call, DomainError, notFound } from '../../common/index.ts';
import { ledger, type PatientDeps } from '../deps.ts';
import { parsed, reasonRequired } from '../errors.ts';
import { identifierHash, RESIDENT_ID } from '../identifier.ts';
import { type BreakGlass, breakGlassBody } from '../schemas.ts';
import { patientIdentifiers, patients } from '../tables.ts';
import { emergencyAccesses } from './tables.ts';

/** How long emergency access lasts, and how many persons one user may open so within an hour. */
export const EMERGENCY_MS = 60 * 60_000;
export const MOST_EMERGENCIES = 5;

type Granted = { breakGlassId: string; patientId: string; until: string };

const tooMany = (retryAt: Date) =>
  new DomainError('conflict', 'break_glass_limit', 'You have opened as many records within an hour as one person may.', { details: { retryAt: retryAt.toISOString() } });

/**
 * Opens one person's record to somebody who has no other access to it, in an emergency, for an hour and with a reason:
 * marked in the audit trail with everything that is read by it, and told to the privacy officer (45 CFR
 * 164.312(a)(2)(ii)). Throws `reason_required`, `patient_not_found`, `break_glass_limit`, `invalid_input`.
 */
export async function breakGlass({ db, clock }: PatientDeps, { ctx, key, input }: Call<BreakGlass>): Promise<Granted> {
  const given = parsed(breakGlassBody, input);
  const { actor } = ctx;
  if (actor.kind !== 'user') throw new DomainError('forbidden', 'forbidden', 'Only a person may open a record in an emergency.');
  if (!given.reason.trim()) throw reasonRequired();
  return runCommand({ db, ledger, verb: 'breakGlass', key, content: given, ctx: { ...ctx, reason: given.reason } }, async (tx, audit) => {
    // One at a time for each user, or those of the same moment would not count each other.
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`break-glass/${actor.id}`}, 0))`));
    const patientId = await personOf(tx, db.indexKey, given);
    if (patientId === undefined) throw notFound('patient');
    const now = clock();
    const since = new Date(now.getTime() - EMERGENCY_MS);
    const own = and(eq(emergencyAccesses.userId, actor.id), gt(emergencyAccesses.at, since));
    const [opened] = await statement(tx.select({ n: count(), first: min(emergencyAccesses.at) }).from(emergencyAccesses).where(own));
    if (opened && opened.first && opened.n >= MOST_EMERGENCIES) throw tooMany(new Date(opened.first.getTime() + EMERGENCY_MS));
    const breakGlassId = uuidv7();
    const until = new Date(now.getTime() + EMERGENCY_MS);
    const cells = cellsOf(await db.vault.keyFor(tx, patientId), { table: 'emergency_accesses', row: breakGlassId });
    const { id: userId, name, role } = actor;
    await statement(tx.insert(emergencyAccesses).values({ id: breakGlassId, patientId, userId, name, role, reason: cells.seal('reason', given.reason), at: now, until }));
    audit({ action: 'E', entity: 'patient', entityId: patientId, owner: patientId, after: { breakGlassId, until: until.toISOString() } });
    return { breakGlassId, patientId, until: until.toISOString() };
  });
}

async function personOf(tx: Transaction, indexKey: Parameters<typeof identifierHash>[0], { patientId, idCard, identifier }: BreakGlass): Promise<string | undefined> {
  if (patientId !== undefined) {
    const [row] = await statement(tx.select({ id: patients.id }).from(patients).where(eq(patients.id, patientId)));
    return row?.id;
  }
  const wanted = identifier ?? { ...RESIDENT_ID, value: idCard ?? '' };
  const [row] = await statement(tx.select({ id: patientIdentifiers.patientId }).from(patientIdentifiers).where(eq(patientIdentifiers.hash, identifierHash(indexKey, wanted))));
  return row?.id;
}
