import { and, eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { statement, type Transaction } from '../../../db/index.ts';
import type { Actor } from '../../common/index.ts';
import { extendStratum } from './extend-stratum.ts';
import type { Plan } from './permuted-blocks.ts';
import { allocations, randomisationStrata } from './tables.ts';

export type Taking = {
  enrollmentId: string;
  protocolVersionId: string;
  plan: Plan;
  /** Key of the stratum. */
  stratum: string;
  strata: Record<string, string>;
  confirmedBy: string;
  actor: Actor;
  now: Date;
};

/**
 * Takes the next position of the stratum for this enrollment, under the lock of the stratum's row, which goes with the
 * transaction: no position is given twice and none is left out. The caller has made sure that the enrollment has none.
 * Answers the allocation's id; the arm stays in the list.
 */
export async function takeAllocation(tx: Transaction, taking: Taking): Promise<string> {
  const { enrollmentId, protocolVersionId, plan, stratum, strata, confirmedBy, actor, now } = taking;
  const { id: stratumId, next: position } = await lockedStratum(tx, { protocolVersionId, key: stratum, plan });
  const id = uuidv7();
  await Promise.all([
    statement(tx.insert(allocations).values({ id, enrollmentId, stratumId, position, strata, confirmedBy, actor, at: now })),
    statement(tx.update(randomisationStrata).set({ next: position + 1 }).where(eq(randomisationStrata.id, stratumId))),
  ]);
  return id;
}

/** The stratum's row, locked, with at least one entry that is free; made when the stratum is met for the first time. */
async function lockedStratum(tx: Transaction, { protocolVersionId, key, plan }: { protocolVersionId: string; key: string; plan: Plan }) {
  const ofKey = and(eq(randomisationStrata.protocolVersionId, protocolVersionId), eq(randomisationStrata.key, key));
  const lock = () => statement(tx.select().from(randomisationStrata).where(ofKey).for('update'));
  let [stratum] = await lock();
  if (!stratum) {
    const row = { id: uuidv7(), protocolVersionId, key, blocks: 0, length: 0, next: 1 };
    await statement(tx.insert(randomisationStrata).values(row).onConflictDoNothing());
    [stratum] = await lock();
  }
  if (!stratum) throw new Error('a stratum that was there is gone, although strata are never deleted');
  return stratum.next <= stratum.length ? stratum : extendStratum(tx, { stratum, plan });
}
