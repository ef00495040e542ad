import { and, eq, sql } from 'drizzle-orm';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockedSlot } from './locked-slot.ts';
import { activations, slots } from './tables.ts';

/**
 * Gives a confirmed place back to the site's cap after a withdrawal, where the protocol version wants that (domain,
 * "freesCapOnWithdrawal"). Without a confirmed place nothing changes: `freed` tells.
 */
export async function freeSlot({ db, clock }: SiteDeps, { ctx, key, input }: Call<{ enrollmentId: string }>): Promise<{ freed: boolean }> {
  const { enrollmentId } = input;
  return runCommand({ db, ledger, verb: 'freeSlot', key, content: input, ctx }, async (tx, audit) => {
    const confirmed = and(eq(slots.enrollmentId, enrollmentId), eq(slots.status, 'confirmed'));
    const [slot] = await statement(tx.select({ id: slots.id }).from(slots).where(confirmed));
    if (!slot) return { freed: false };
    const { activation, status } = await lockedSlot(tx, { slotId: slot.id, enrollmentId });
    if (status !== 'confirmed') return { freed: false };
    await statement(tx.update(slots).set({ status: 'released', releasedAt: clock() }).where(eq(slots.id, slot.id)));
    await statement(
      tx
        .update(activations)
        .set({ confirmed: sql`${activations.confirmed} - 1` })
        .where(eq(activations.id, activation.id)),
    );
    audit({ action: 'U', entity: 'slot', entityId: slot.id, before: { status }, after: { status: 'released' } });
    return { freed: true };
  });
}
