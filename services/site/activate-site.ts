import { and, eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement, type Transaction } from '../../db/index.ts';
import { type Call, notFound } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { capBelowTaken, protocolVersionNotFound, tooManyApprovals } from './errors.ts';
import { ledger } from './ledger.ts';
import type { ActivateSite } from './schemas.ts';
import { activations, approvals, sites } from './tables.ts';

/** An amended protocol adds an approval; no real study comes near this many. */
export const MAX_APPROVALS = 50;

/**
 * Lets a site take part in a study. Said again it sets a new cap and adds (or corrects) the approval of a
 * protocol version; both are audited with what was there before. Errors: `site_not_found`,
 * `protocol_version_not_found`, `cap_below_taken` (the cap never undercuts places that are taken),
 * `too_many_approvals`.
 */
export async function activateSite(
  deps: SiteDeps,
  { ctx, key, input }: Call<ActivateSite>,
): Promise<{ activationId: string }> {
  const { db, study } = deps;
  const { studyId, protocolVersion: version } = input;
  // Asked before the transaction: no connection waits for another service. Protocol versions never vanish.
  const found = await study.findProtocolVersion({ ctx, input: { studyId, version } });
  if (!found) throw protocolVersionNotFound();
  return runCommand({ db, ledger, verb: 'activateSite', key, content: input, ctx }, async (tx, audit) => {
    const { activation, created } = await lockedActivation(tx, input, deps.clock());
    const { id: activationId, cap, taken } = activation;
    if (input.cap < taken) throw capBelowTaken(taken);
    if (input.cap !== cap) {
      await statement(tx.update(activations).set({ cap: input.cap }).where(eq(activations.id, activationId)));
    }
    const before = await approve(tx, activationId, input);
    audit({
      action: created ? 'C' : 'U',
      entity: 'activation',
      entityId: activationId,
      ...(created ? {} : { before: { cap, protocolVersion: before ? version : null, ethicsApprovedAt: before } }),
      after: input,
    });
    return { activationId };
  });
}

/** Adds the activation, or locks the one that is there: caps and counters change one at a time. */
async function lockedActivation(tx: Transaction, { studyId, siteId, cap }: ActivateSite, now: Date) {
  const [site] = await statement(tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId)));
  if (!site) throw notFound('site');
  const inserted = await statement(
    tx
      .insert(activations)
      .values({ id: uuidv7(), studyId, siteId, cap, createdAt: now })
      .onConflictDoNothing({ target: [activations.studyId, activations.siteId] })
      .returning({ id: activations.id }),
  );
  const [activation] = await statement(
    tx
      .select()
      .from(activations)
      .where(and(eq(activations.studyId, studyId), eq(activations.siteId, siteId)))
      .for('update'),
  );
  if (!activation) throw notFound('activation');
  return { activation, created: inserted.length > 0 };
}

/** Writes the approval under the activation's lock; returns the date that stood there before. */
async function approve(tx: Transaction, activationId: string, input: ActivateSite): Promise<string | null> {
  const { protocolVersion } = input;
  const ethicsApprovedAt = new Date(input.ethicsApprovedAt);
  const known = await statement(tx.select().from(approvals).where(eq(approvals.activationId, activationId)));
  const same = known.find((approval) => approval.protocolVersion === protocolVersion);
  if (same) {
    await statement(tx.update(approvals).set({ ethicsApprovedAt }).where(eq(approvals.id, same.id)));
    return same.ethicsApprovedAt.toISOString();
  }
  if (known.length >= MAX_APPROVALS) throw tooManyApprovals(MAX_APPROVALS);
  await statement(tx.insert(approvals).values({ id: uuidv7(), activationId, protocolVersion, ethicsApprovedAt }));
  return null;
}
