import { eq, sql } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { permutedBlock, type Plan } from './permuted-blocks.ts';
import { randomisationEntries, randomisationLists, randomisationStrata } from './tables.ts';

type Stratum = typeof randomisationStrata.$inferSelect;

/** Blocks that are made ahead at once: enough that extending is rare. */
export const BLOCKS_AHEAD = 50;
/** Rows of one statement. */
const ROWS_AT_ONCE = 5000;

/** Makes the next blocks of a stratum whose row the caller has locked; answers the stratum as it is then. */
export async function extendStratum(
  tx: Transaction,
  { stratum, plan, blocks = BLOCKS_AHEAD }: { stratum: Stratum; plan: Plan; blocks?: number },
): Promise<Stratum> {
  const { id: stratumId, protocolVersionId, key } = stratum;
  const [list] = await statement(tx.select().from(randomisationLists).where(eq(randomisationLists.protocolVersionId, protocolVersionId)));
  if (!list) throw new Error('a protocol version that randomises has no list, although it is made with it');
  const seed = Buffer.from(list.seed, 'hex');
  const rows: { position: number; block: number; arm: string }[] = [];
  for (let block = stratum.blocks; block < stratum.blocks + blocks; block += 1) {
    for (const arm of permutedBlock(plan, { seed, stratum: key, block })) {
      rows.push({ position: stratum.length + rows.length + 1, block, arm });
    }
  }
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some = JSON.stringify(rows.slice(from, from + ROWS_AT_ONCE));
    // One parameter for all rows: a statement with one for each value takes longer to build than to carry out.
    await statement(
      tx.execute(sql`
        insert into ${randomisationEntries} (stratum_id, position, block, arm)
        select ${stratumId}, "position", block, arm from jsonb_to_recordset(${some}::jsonb) as row ("position" int, block int, arm text)`),
    );
  }
  const grown = { blocks: stratum.blocks + blocks, length: stratum.length + rows.length };
  await statement(tx.update(randomisationStrata).set(grown).where(eq(randomisationStrata.id, stratumId)));
  return { ...stratum, ...grown };
}
