import { eq, sql } from 'drizzle-orm';
import { statement, undoCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { slotConfirmed } from './errors.ts';
import { ledger } from './ledger.ts';
import type { ReservedSlot } from './reserve-slot.ts';
import { lockedSlot } from './locked-slot.ts';
import { activations, slots } from './tables.ts';

export type ReleaseSlot = {
  /** The key of the reservation that is undone. */
  stepKey: string;
  enrollmentId: string;
};

/**
 * Gives a reserved place back exactly once, however often it is said. When the reservation hasn't arrived yet
 * it never takes effect: it is refused with `command_cancelled`. `released` tells whether there was a place.
 * A confirmed place is not given back by this: conflict `slot_confirmed`.
 */
export async function releaseSlot(deps: SiteDeps, { ctx, input }: Call<ReleaseSlot>): Promise<{ released: boolean }> {
  const { db, clock } = deps;
  const { stepKey: key, enrollmentId } = input;
  const settled = await undoCommand<ReservedSlot>({ db, ledger, verb: 'releaseSlot', key, ctx }, async (tx, result, audit) => {
    if (!result.reserved) return;
    const { slotId } = result;
    const { activation, status } = await lockedSlot(tx, { slotId, enrollmentId });
    if (status === 'confirmed') throw slotConfirmed();
    await statement(tx.update(slots).set({ status: 'released', releasedAt: clock() }).where(eq(slots.id, slotId)));
    await statement(
      tx
        .update(activations)
        .set({ reserved: sql`${activations.reserved} - 1` })
        .where(eq(activations.id, activation.id)),
    );
    audit({ action: 'U', entity: 'slot', entityId: slotId, before: { status }, after: { status: 'released' } });
  });
  return { released: settled.tookEffect && settled.result.reserved };
}
