import { eq, sql } from 'drizzle-orm';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockedSlot } from './locked-slot.ts';
import { activations, slots } from './tables.ts';

export type ConfirmSlot = { enrollmentId: string; slotId: string };

/** Which threshold of the cap a confirmation crossed. */
export type CapNotice = 'cap_near' | 'cap_reached';

export type SlotIsConfirmed = { confirmed: true; confirmedCount: number; cap: number; notice: CapNotice | null };
export type ConfirmedSlot = SlotIsConfirmed | { confirmed: false; reason: 'slot_released' };

/** Share of the cap from which sponsor and site are told that it is near. */
const NEAR = 0.9;

/**
 * Turns a reserved place into a confirmed one: the pivot of a protocol that doesn't randomise, nothing undoes it.
 * `notice` is set in the one transaction that crosses 90 % or 100 % of the cap (at 100 % only `cap_reached`).
 * Errors: `slot_not_found`, `command_cancelled` (settled as not confirmed before it arrived).
 */
export async function confirmSlot(deps: SiteDeps, { ctx, key, input }: Call<ConfirmSlot>): Promise<ConfirmedSlot> {
  const { db, clock } = deps;
  const { slotId } = input;
  return runCommand({ db, ledger, verb: 'confirmSlot', key, content: input, ctx }, async (tx, audit) => {
    const { activation, status } = await lockedSlot(tx, input);
    const { id: activationId, cap, confirmed } = activation;
    if (status === 'released') return { confirmed: false, reason: 'slot_released' };
    if (status === 'confirmed') return { confirmed: true, confirmedCount: confirmed, cap, notice: null };
    await Promise.all([
      statement(tx.update(slots).set({ status: 'confirmed', confirmedAt: clock() }).where(eq(slots.id, slotId))),
      statement(
        tx
          .update(activations)
          .set({ reserved: sql`${activations.reserved} - 1`, confirmed: sql`${activations.confirmed} + 1` })
          .where(eq(activations.id, activationId)),
      ),
    ]);
    audit({ action: 'U', entity: 'slot', entityId: slotId, before: { status }, after: { status: 'confirmed' } });
    const confirmedCount = confirmed + 1;
    return { confirmed: true, confirmedCount, cap, notice: noticeAt({ confirmedCount, cap }) };
  });
}

/** Confirmations count up one by one under the activation's lock, so only one of them meets each threshold. */
function noticeAt({ confirmedCount, cap }: { confirmedCount: number; cap: number }): CapNotice | null {
  if (confirmedCount === cap) return 'cap_reached';
  return confirmedCount === Math.ceil(cap * NEAR) ? 'cap_near' : null;
}
