import { eq } from 'drizzle-orm';
import { type AuditEntry, statement, type Transaction } from '../../db/index.ts';
import { casebooks, eproSchedules } from './tables.ts';

/** What a workflow says when it undoes an enrollment that may go on later: only that can be opened again. */
const UNDONE = 'enrollment_undone';

type Change = { enrollmentId: string; reason: string; now: Date; audit: (entry: AuditEntry) => void };

/** An enrollment's casebook, unchanging until the transaction ends. Always locked before the ePRO schedule. */
export async function lockedCasebook(tx: Transaction, enrollmentId: string) {
  const [casebook] = await statement(
    tx.select().from(casebooks).where(eq(casebooks.enrollmentId, enrollmentId)).for('update'),
  );
  return casebook;
}

/** Closed with an undone enrollment, so that it may be opened again; one that was ever locked takes no more entries. */
export function isClosedAsUndone({ status, statusReason, lockedAt }: typeof casebooks.$inferSelect): boolean {
  return status === 'closed' && statusReason === UNDONE && lockedAt === null;
}

/** An enrollment's ePRO schedule, unchanging until the transaction ends. */
export async function lockedEpro(tx: Transaction, enrollmentId: string) {
  const [schedule] = await statement(
    tx.select().from(eproSchedules).where(eq(eproSchedules.enrollmentId, enrollmentId)).for('update'),
  );
  return schedule;
}

/** Switched off with an undone enrollment, so that it may be switched on again. */
export function isOffAsUndone({ status, statusReason }: typeof eproSchedules.$inferSelect): boolean {
  return status === 'off' && statusReason === UNDONE;
}

/** Locks or closes an enrollment's casebook; a closed one stays closed. Returns the status it ends in, if any. */
export async function endCasebook(
  tx: Transaction,
  { enrollmentId, reason, now, audit, status }: Change & { status: 'locked' | 'closed' },
): Promise<'locked' | 'closed' | undefined> {
  const casebook = await lockedCasebook(tx, enrollmentId);
  if (!casebook) return undefined;
  const { id, status: before } = casebook;
  if (before === 'closed' || before === status) return before;
  const at = status === 'locked' ? { lockedAt: now } : { closedAt: now };
  await statement(
    tx
      .update(casebooks)
      .set({ status, statusReason: reason, ...at })
      .where(eq(casebooks.id, id)),
  );
  audit({ action: 'U', entity: 'casebook', entityId: id, before: { status: before }, after: { status, reason } });
  return status;
}

/** Switches an enrollment's ePRO schedule off. Returns whether there is one. */
export async function endEpro(tx: Transaction, { enrollmentId, reason, now, audit }: Change): Promise<boolean> {
  const schedule = await lockedEpro(tx, enrollmentId);
  if (!schedule) return false;
  const { id, status } = schedule;
  if (status === 'off') return true;
  await statement(
    tx
      .update(eproSchedules)
      .set({ status: 'off', statusReason: reason, stoppedAt: now })
      .where(eq(eproSchedules.id, id)),
  );
  audit({ action: 'U', entity: 'epro_schedule', entityId: id, before: { status }, after: { status: 'off', reason } });
  return true;
}
