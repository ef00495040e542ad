import { and, eq, inArray } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { statement, type Transaction } from '../../../db/index.ts';
import type { ProtocolBody } from '../protocol-schema.ts';
import { BLOCKS_AHEAD, extendStratum } from './extend-stratum.ts';
import { allStratumKeys } from './stratum-key.ts';
import { randomisationStrata } from './tables.ts';

type Plan = NonNullable<ProtocolBody['randomisation']>;

/** So many entries at once, over all strata: a protocol with a thousand of them gets few blocks for each at first. */
const ENTRIES_AHEAD = 20_000;

/**
 * Makes the lists of all strata ahead, before anybody is allocated: at the protocol version's creation, or for a site
 * when it first has somebody. Strata that are there already stay as they are; two at once make each of them once.
 */
export async function makeStrata(
  tx: Transaction,
  { protocolVersionId, plan, siteId }: { protocolVersionId: string; plan: Plan; siteId: string | null },
): Promise<void> {
  const keys = allStratumKeys(plan, siteId);
  const ofThese = and(eq(randomisationStrata.protocolVersionId, protocolVersionId), inArray(randomisationStrata.key, keys));
  const known = await statement(tx.select({ key: randomisationStrata.key }).from(randomisationStrata).where(ofThese));
  if (known.length === keys.length) return;
  const rows = keys.map((key) => ({ id: uuidv7(), protocolVersionId, key, blocks: 0, length: 0, next: 1 }));
  const made = await statement(tx.insert(randomisationStrata).values(rows).onConflictDoNothing().returning());
  const blocks = Math.max(1, Math.min(BLOCKS_AHEAD, Math.floor(ENTRIES_AHEAD / (keys.length * Math.max(...plan.blockSizes)))));
  for (const stratum of made) await extendStratum(tx, { stratum, plan, blocks });
}
