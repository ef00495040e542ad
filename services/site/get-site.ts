import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import type { Site } from './schemas.ts';
import { sites } from './tables.ts';
import { toSite } from './to-site.ts';

/** One site by its id. Throws `site_not_found`. */
export async function getSite({ db }: SiteDeps, { input }: Read<{ siteId: string }>): Promise<Site> {
  const [row] = await read(db, (orm) => orm.select().from(sites).where(eq(sites.id, input.siteId)));
  if (!row) throw notFound('site');
  return toSite(row);
}
