import { and, eq, lt, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { slotAlreadyHeld } from './errors.ts';
import { ledger } from './ledger.ts';
import { activations, slots } from './tables.ts';

export type ReserveSlot = { enrollmentId: string; studyId: string; siteId: string };

export type ReservedSlot =
  | { reserved: true; slotId: string; taken: number; cap: number }
  | { reserved: false; reason: 'cap_reached' | 'site_not_active' };

/**
 * Takes a place under the site's cap, or says why there is none; never more places than the cap, however many
 * ask at once. Errors: `slot_already_held` (an enrollment holds at most one live place), `command_cancelled`
 * (it was released before it arrived). Domain ground truth, step 5: undone by `releaseSlot`.
 */
export async function reserveSlot(deps: SiteDeps, { ctx, key, input }: Call<ReserveSlot>): Promise<ReservedSlot> {
  const { db, clock } = deps;
  const { enrollmentId, studyId, siteId } = input;
  return runCommand({ db, ledger, verb: 'reserveSlot', key, content: input, ctx }, async (tx, audit) => {
    const ofSite = and(eq(activations.studyId, studyId), eq(activations.siteId, siteId));
    const [activation] = await statement(
      tx
        .update(activations)
        .set({ reserved: sql`${activations.reserved} + 1` })
        .where(and(ofSite, lt(activations.taken, activations.cap)))
        .returning({ id: activations.id, taken: activations.taken, cap: activations.cap }),
    );
    if (!activation) {
      const [full] = await statement(tx.select({ id: activations.id }).from(activations).where(ofSite));
      return { reserved: false, reason: full ? 'cap_reached' : 'site_not_active' };
    }
    const { id: activationId, taken, cap } = activation;
    const slotId = uuidv7();
    const inserted = await statement(
      tx
        .insert(slots)
        .values({ id: slotId, activationId, enrollmentId, status: 'reserved', reservedAt: clock() })
        .onConflictDoNothing()
        .returning({ id: slots.id }),
    );
    if (inserted.length === 0) throw slotAlreadyHeld();
    audit({ action: 'C', entity: 'slot', entityId: slotId, after: { ...input, status: 'reserved', taken, cap } });
    return { reserved: true, slotId, taken, cap };
  });
}
