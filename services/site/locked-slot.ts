import { and, eq } from 'drizzle-orm';
import { statement, type Transaction } from '../../db/index.ts';
import { notFound } from '../common/index.ts';
import { activations, slots } from './tables.ts';

/**
 * A slot with its activation, both unchanging until the transaction ends. Throws `slot_not_found`.
 * The activation's row is locked first, as in every other verb: the other order would deadlock.
 */
export async function lockedSlot(tx: Transaction, { slotId, enrollmentId }: { slotId: string; enrollmentId: string }) {
  const wanted = and(eq(slots.id, slotId), eq(slots.enrollmentId, enrollmentId));
  const itsActivation = tx.select({ id: slots.activationId }).from(slots).where(wanted);
  const [activation] = await statement(
    tx
      .select({ id: activations.id, cap: activations.cap, confirmed: activations.confirmed })
      .from(activations)
      .where(eq(activations.id, itsActivation))
      .for('update'),
  );
  const [slot] = await statement(tx.select({ status: slots.status }).from(slots).where(wanted));
  if (!activation || !slot) throw notFound('slot');
  return { activation, status: slot.status };
}
