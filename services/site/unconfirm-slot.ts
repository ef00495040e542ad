import { eq, sql } from 'drizzle-orm';
import { statement, undoCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { ConfirmedSlot } from './confirm-slot.ts';
import type { SiteDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockedSlot } from './locked-slot.ts';
import { activations, slots } from './tables.ts';

export type UnconfirmSlot = {
  /** The key of the confirmation that is undone. */
  stepKey: string;
  enrollmentId: string;
  slotId: string;
};

/**
 * Takes back a confirmation that was not followed by a randomisation: the place is reserved again, as it was before.
 * When the confirmation hasn't arrived yet it never takes effect: it is refused with `command_cancelled`. Repeating it
 * changes nothing. `undone` tells whether a place was confirmed.
 */
export async function unconfirmSlot(deps: SiteDeps, { ctx, input }: Call<UnconfirmSlot>): Promise<{ undone: boolean }> {
  const { db } = deps;
  const { stepKey: key, enrollmentId, slotId } = input;
  const settled = await undoCommand<ConfirmedSlot>({ db, ledger, verb: 'confirmSlot', key, ctx }, async (tx, result, audit) => {
    if (!result.confirmed) return;
    const { activation, status } = await lockedSlot(tx, { slotId, enrollmentId });
    if (status !== 'confirmed') return;
    await statement(tx.update(slots).set({ status: 'reserved', confirmedAt: null }).where(eq(slots.id, slotId)));
    await statement(
      tx
        .update(activations)
        .set({ reserved: sql`${activations.reserved} + 1`, confirmed: sql`${activations.confirmed} - 1` })
        .where(eq(activations.id, activation.id)),
    );
    audit({ action: 'U', entity: 'slot', entityId: slotId, before: { status }, after: { status: 'reserved' } });
  });
  return { undone: settled.tookEffect && settled.result.confirmed };
}
