import { desc, lt } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type Page, type PageRequest, type Read, toPage } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import type { Site } from './schemas.ts';
import { sites } from './tables.ts';
import { toSite } from './to-site.ts';

/** A page of all sites, newest first. */
export async function listSites({ db }: SiteDeps, { input }: Read<PageRequest>): Promise<Page<Site>> {
  const { cursor, limit } = input;
  const rows = await read(db, (orm) =>
    orm
      .select()
      .from(sites)
      .where(cursor ? lt(sites.id, cursor) : undefined)
      .orderBy(desc(sites.id))
      .limit(limit + 1),
  );
  return toPage(rows.map(toSite), limit);
}
