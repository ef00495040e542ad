import { sql } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { SiteDeps } from './deps.ts';
import { activations } from './tables.ts';

/** Of all sites in all studies together; `full`: activations without a free place. */
export type SlotCount = { reserved: number; confirmed: number; cap: number; full: number };

/** How many places are taken of how many; of at most `most` activations. */
export async function countSlots({ db }: SiteDeps, { input }: { input: { most: number } }): Promise<SlotCount> {
  const [row] = await read(db, (orm) =>
    orm.execute<SlotCount>(sql`
      select coalesce(sum(reserved), 0)::int as reserved, coalesce(sum(confirmed), 0)::int as confirmed,
        coalesce(sum(cap), 0)::int as cap, count(*) filter (where taken >= cap)::int as "full"
      from (select * from ${activations} limit ${input.most}) as activation`),
  );
  return row!;
}
