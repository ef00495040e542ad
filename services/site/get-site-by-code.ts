import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import type { Site } from './schemas.ts';
import { sites } from './tables.ts';
import { toSite } from './to-site.ts';

/** One site by the code that people chose for it, or null. */
export async function getSiteByCode({ db }: SiteDeps, { input }: Read<{ code: string }>): Promise<Site | null> {
  const [row] = await read(db, (orm) => orm.select().from(sites).where(eq(sites.code, input.code)));
  return row ? toSite(row) : null;
}
