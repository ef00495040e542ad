import { type SQL, sql } from 'drizzle-orm';
import type { Seal } from './seal.ts';

type Executor = { execute(query: SQL): PromiseLike<Iterable<Record<string, unknown>>> };

/** The newest seal of a service's trail; undefined when there is none. */
export async function lastSeal(orm: Executor, schema: string): Promise<Seal | undefined> {
  const [row] = await orm.execute(sql`select * from ${sql.identifier(schema)}.audit_seals order by number desc limit 1`);
  return row && sealOf(row);
}

/** So many seals with higher numbers than this, in their order. */
export async function sealsAfter(orm: Executor, schema: string, { number, limit }: { number: number; limit: number }): Promise<Seal[]> {
  const rows = await orm.execute(sql`select * from ${sql.identifier(schema)}.audit_seals where number > ${number} order by number limit ${limit}`);
  return [...rows].map(sealOf);
}

function sealOf(row: Record<string, unknown>): Seal {
  const bytes = (name: string) => row[name] as Buffer;
  return {
    number: Number(row['number']), at: new Date(row['at'] as string), after: Number(row['after']), upTo: Number(row['up_to']),
    entries: bytes('entries'), root: bytes('root'), previous: bytes('previous'), keyId: row['key_id'] as string, signature: bytes('signature'),
  };
}
