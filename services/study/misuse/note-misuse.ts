import { and, count, eq, gt, max } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { read, runCommand, statement } from '../../../db/index.ts';
import type { Actor, Call, Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { misuses, type MISUSE_REASONS } from './tables.ts';

type Misuse = { about: string; operation: string; why: (typeof MISUSE_REASONS)[number]; via: string };

/** So many refused signings within a quarter of an hour lock signing for as long (21 CFR 11.300(d)). */
export const MOST_REFUSED = 10;
export const WITHIN_MS = 15 * 60_000;

/** Notes a command or signature that was refused because it was not what it claimed to be: counted, audited, to be told. */
export async function noteMisuse({ db, clock }: StudyDeps, { ctx, key, input }: Call<Misuse>): Promise<{ misuseId: string }> {
  return runCommand({ db, ledger, verb: 'noteMisuse', key, content: input, ctx }, async (tx, audit) => {
    const misuseId = uuidv7();
    const { id: userId, role } = claimedBy(ctx.actor);
    await statement(tx.insert(misuses).values({ id: misuseId, ...input, userId, role, at: clock() }));
    audit({ action: 'E', entity: 'misuse', entityId: misuseId, after: { ...input, userId, role } });
    return { misuseId };
  });
}

function claimedBy(actor: Actor): { id: string; role: string } {
  if (actor.kind === 'service') return { id: actor.service, role: 'service' };
  return actor.kind === 'user' ? actor : actor.onBehalfOf;
}

/**
 * Until when this person may not sign: null when they may. Only what the API has refused to who was known by a token
 * counts, or anybody with access to Temporal could lock others out.
 */
export async function signingLockedUntil({ db, clock }: StudyDeps, { input }: Read<{ userId: string }>): Promise<{ until: string | null }> {
  const since = new Date(clock().getTime() - WITHIN_MS);
  const own = and(eq(misuses.userId, input.userId), eq(misuses.via, 'api'), gt(misuses.at, since));
  const [row] = await read(db, (orm) => orm.select({ n: count(), last: max(misuses.at) }).from(misuses).where(own));
  const locked = row && row.last !== null && row.n >= MOST_REFUSED;
  return { until: locked ? new Date(row.last!.getTime() + WITHIN_MS).toISOString() : null };
}
