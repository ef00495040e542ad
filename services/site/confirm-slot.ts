import { and, eq, sql } from 'drizzle-orm';
import { read, runCommand, statement } from '../../db/index.ts';
import type { Call, Ctx } from '../common/index.ts';
import type { SignedVersion } from '../study/client.ts';
import type { SiteDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockedSlot } from './locked-slot.ts';
import { activations, slots } from './tables.ts';

/** `consent`: the version that the participant signed last. */
export type ConfirmSlot = { enrollmentId: string; slotId: string; consent?: SignedVersion | undefined };

/** Which threshold of the cap a confirmation crossed. */
export type CapNotice = 'cap_near' | 'cap_reached';

export type SlotIsConfirmed = { confirmed: true; confirmedCount: number; cap: number; notice: CapNotice | null };
export type ConfirmedSlot =
  | SlotIsConfirmed
  | { confirmed: false; reason: 'slot_released' }
  /** `version`: the one that the participant has to sign first. */
  | { confirmed: false; reason: 'consent_superseded'; version: string };

/** Share of the cap from which sponsor and site are told that it is near. */
const NEAR = 0.9;

/**
 * Turns a reserved place into a confirmed one. Of a protocol that doesn't randomise this is the pivot, nothing undoes
 * it; otherwise it stands right before the randomisation, and `unconfirmSlot` takes it back when that doesn't follow.
 * `notice` is set in the one transaction that crosses 90 % or 100 % of the cap (at 100 % only `cap_reached`).
 * With `consent` a superseded version confirms nothing, and the place stays reserved (ICH E6(R3) 2.8.2; domain,
 * "Amendment"); what is confirmed already stays so. Errors: `slot_not_found`, `command_cancelled` (settled as not
 * confirmed before it arrived).
 */
export async function confirmSlot(deps: SiteDeps, { ctx, key, input }: Call<ConfirmSlot>): Promise<ConfirmedSlot> {
  const { db, clock } = deps;
  const { consent, ...content } = input;
  const { slotId } = content;
  // Asked before the transaction: no lock is held while Study answers.
  const superseding = consent ? await newerVersion(deps, ctx, { ...content, ...consent }) : null;
  return runCommand({ db, ledger, verb: 'confirmSlot', key, content, ctx }, async (tx, audit) => {
    const { activation, status } = await lockedSlot(tx, content);
    const { id: activationId, cap, confirmed } = activation;
    if (status === 'confirmed') return { confirmed: true, confirmedCount: confirmed, cap, notice: null };
    if (superseding !== null) return { confirmed: false, reason: 'consent_superseded', version: superseding };
    if (status === 'released') return { confirmed: false, reason: 'slot_released' };
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

type Held = SignedVersion & { enrollmentId: string; slotId: string };

/** The consent version that replaces the signed one at the slot's site; null when it is current, or no such slot is there. */
async function newerVersion({ db, study }: SiteDeps, ctx: Ctx, { enrollmentId, slotId, version, language }: Held): Promise<string | null> {
  const [at] = await read(db, (orm) =>
    orm
      .select({ studyId: activations.studyId, siteId: activations.siteId })
      .from(slots)
      .innerJoin(activations, eq(activations.id, slots.activationId))
      .where(and(eq(slots.id, slotId), eq(slots.enrollmentId, enrollmentId))),
  );
  if (!at) return null;
  const judged = await study.consentIsCurrent({ ctx, input: { ...at, version, language } });
  return judged.current ? null : judged.version;
}
