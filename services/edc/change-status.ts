import { eq } from 'drizzle-orm';
import { type AuditEntry, type ServiceDatabase, statement, together, type Transaction } from '../../db/index.ts';
import { casebookCells, eproCells } from './sealed-rows.ts';
import { casebooks, eproSchedules } from './tables.ts';

/** What a workflow says when it undoes an enrollment that may go on later: only that can be opened again. */
const UNDONE = 'enrollment_undone';

type Change = { db: ServiceDatabase; enrollmentId: string; reason: string; now: Date; audit: (entry: AuditEntry) => void };

type Of = { db: ServiceDatabase; enrollmentId: string };
type Ended = { status: string; statusReason: string | null };

/** An enrollment's casebook, unchanging until the transaction ends. Always locked before the ePRO schedule. */
export async function lockedCasebook(tx: Transaction, { db, enrollmentId }: Of) {
  const [casebook] = await statement(
    tx.select().from(casebooks).where(eq(casebooks.enrollmentId, enrollmentId)).for('update'),
  );
  if (!casebook) return undefined;
  const cells = casebookCells(await keyOf(tx, { db, enrollmentId }, casebook), casebook.id);
  return { ...casebook, statusReason: cells.open('status_reason', casebook.statusReason) };
}

/** Closed with an undone enrollment, so that it may be opened again; one that was ever locked takes no more entries. */
export function isClosedAsUndone({ status, statusReason, lockedAt }: Ended & { lockedAt: Date | null }): boolean {
  return status === 'closed' && statusReason === UNDONE && lockedAt === null;
}

/** An enrollment's ePRO schedule, unchanging until the transaction ends. */
export async function lockedEpro(tx: Transaction, { db, enrollmentId }: Of) {
  const [schedule] = await statement(
    tx.select().from(eproSchedules).where(eq(eproSchedules.enrollmentId, enrollmentId)).for('update'),
  );
  if (!schedule) return undefined;
  const cells = eproCells(await keyOf(tx, { db, enrollmentId }, schedule), schedule.id);
  return { ...schedule, statusReason: cells.open('status_reason', schedule.statusReason) };
}

/** Asked for only where there is something to open: neither is ended as a rule. */
async function keyOf(tx: Transaction, { db, enrollmentId }: Of, { statusReason }: { statusReason: Buffer | null }) {
  return (await db.vault.keysOf(tx, statusReason === null ? [] : [enrollmentId])).get(enrollmentId);
}

/** Switched off with an undone enrollment, so that it may be switched on again. */
export function isOffAsUndone({ status, statusReason }: Ended): boolean {
  return status === 'off' && statusReason === UNDONE;
}

/** Locks or closes an enrollment's casebook; a closed one stays closed. Returns the status it ends in, if any. */
export async function endCasebook(
  tx: Transaction,
  { db, enrollmentId, reason, now, audit, status }: Change & { status: 'locked' | 'closed' },
): Promise<'locked' | 'closed' | undefined> {
  const [casebook, key] = await together([lockedCasebook(tx, { db, enrollmentId }), db.vault.keyFor(tx, enrollmentId)]);
  if (!casebook) return undefined;
  const { id, status: before } = casebook;
  if (before === 'closed' || before === status) return before;
  const at = status === 'locked' ? { lockedAt: now } : { closedAt: now };
  const statusReason = casebookCells(key, id).seal('status_reason', reason);
  await statement(
    tx
      .update(casebooks)
      .set({ status, statusReason, ...at })
      .where(eq(casebooks.id, id)),
  );
  audit({ action: 'U', entity: 'casebook', entityId: id, before: { status: before }, after: { status, reason } });
  return status;
}

/** Switches an enrollment's ePRO schedule off. Returns whether there is one. */
export async function endEpro(tx: Transaction, { db, enrollmentId, reason, now, audit }: Change): Promise<boolean> {
  const [schedule, key] = await together([lockedEpro(tx, { db, enrollmentId }), db.vault.keyFor(tx, enrollmentId)]);
  if (!schedule) return false;
  const { id, status } = schedule;
  if (status === 'off') return true;
  const statusReason = eproCells(key, id).seal('status_reason', reason);
  await statement(
    tx
      .update(eproSchedules)
      .set({ status: 'off', statusReason, stoppedAt: now })
      .where(eq(eproSchedules.id, id)),
  );
  audit({ action: 'U', entity: 'epro_schedule', entityId: id, before: { status }, after: { status: 'off', reason } });
  return true;
}
