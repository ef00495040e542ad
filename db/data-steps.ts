import { type SQL, sql } from 'drizzle-orm';
import type { Transaction } from './transaction.ts';
import type { DataKey, Vault } from './encryption/vault.ts';

/** What has to be done to the rows that are there, right after the migration of this name and in its transaction. */
export type DataStep = {
  run(tx: Pick<Transaction, 'execute'>): Promise<void>;
  /** Tables in whose dead rows the old values still stand: written anew after COMMIT. */
  rewritten: readonly string[];
};
export type DataSteps = Readonly<Record<string, DataStep>>;

/** Columns of a table that hold texts as bytes (`convert_to(…, 'UTF8')`) and are to be sealed. */
export type ColumnsToSeal = {
  /** As `places` of the service name it, without the schema. */
  table: string;
  columns: readonly string[];
  /** SQL over the table's own columns: what names the row (see `Place`), and whose data key seals it. */
  row: SQL;
  owner: SQL;
};

const AT_ONCE = 500;

/**
 * Seals these columns of all rows, a part at a time: memory stays flat however many there are. Rows that have none of
 * them are passed over, and nobody gets a key for nothing. Nobody else may write meanwhile.
 */
export async function sealColumns(tx: Pick<Transaction, 'execute'>, { schema, vault }: { schema: string; vault: Vault }, what: ColumnsToSeal): Promise<void> {
  const { table, columns, row, owner } = what;
  const name = sql`${sql.identifier(schema)}.${sql.identifier(table)}`;
  const some = sql`num_nonnulls(${sql.join(columns.map((column) => sql`${sql.identifier(column)}`), sql`, `)}) > 0`;
  const wanted = sql.join(columns.map((column) => sql`encode(${sql.identifier(column)}, 'base64') as ${sql.identifier(column)}`), sql`, `);
  await tx.execute(sql`declare texts_to_seal no scroll cursor for
    select ctid::text as "at$", (${row})::text as "row$", (${owner})::text as "owner$", ${wanted} from ${name} where ${some}`);
  for (let left = true; left; ) {
    const rows = [...(await tx.execute(sql.raw(`fetch ${AT_ONCE} from texts_to_seal`)))] as Record<string, string | null>[];
    for (const one of rows) {
      const key = await vault.keyFor(tx, one['owner$']!);
      const sets = columns.flatMap((column) => sealedSet(key, { table, row: one['row$']!, column }, one[column] ?? null));
      await tx.execute(sql`update ${name} set ${sql.join(sets, sql`, `)} where ctid = ${one['at$']}::tid`);
    }
    left = rows.length === AT_ONCE;
  }
  await tx.execute(sql`close texts_to_seal`);
}

function sealedSet(key: DataKey, place: { table: string; row: string; column: string }, base64: string | null): SQL[] {
  if (base64 === null) return [];
  const sealed = key.seal(place, Buffer.from(base64, 'base64').toString('utf8')).toString('base64');
  return [sql`${sql.identifier(place.column)} = decode(${sealed}, 'base64')`];
}
