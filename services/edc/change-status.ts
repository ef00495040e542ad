import { eq } from 'drizzle-orm';
import { type AuditEntry, statement, type Transaction } from '../../db/index.ts';
import { casebooks, eproSchedules } from './tables.ts';

type Change = { enrollmentId: string; reason: string; now: Date; audit: (entry: AuditEntry) => void };

/** An enrollment's casebook, unchanging until the transaction ends. Always locked before the ePRO schedule. */
export async function lockedCasebook(tx: Transaction, enrollmentId: string) {
  const [casebook] = await statement(
    tx
      .select({ id: casebooks.id, status: casebooks.status })
      .from(casebooks)
      .where(eq(casebooks.enrollmentId, enrollmentId))
      .for('update'),
  );
  return casebook;
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
  const [schedule] = await statement(
    tx
      .select({ id: eproSchedules.id, status: eproSchedules.status })
      .from(eproSchedules)
      .where(eq(eproSchedules.enrollmentId, enrollmentId))
      .for('update'),
  );
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
