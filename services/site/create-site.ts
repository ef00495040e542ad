import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { SiteDeps } from './deps.ts';
import { siteCodeTaken } from './errors.ts';
import { ledger } from './ledger.ts';
import type { CreateSite } from './schemas.ts';
import { sites } from './tables.ts';

/** Adds an institution. Codes are unique: a second site with the same one is refused with `site_code_taken`. */
export async function createSite(deps: SiteDeps, { ctx, key, input }: Call<CreateSite>): Promise<{ siteId: string }> {
  const { db, clock } = deps;
  return runCommand({ db, ledger, verb: 'createSite', key, content: input, ctx }, async (tx, audit) => {
    const siteId = uuidv7();
    const inserted = await statement(
      tx
        .insert(sites)
        .values({ id: siteId, ...input, createdAt: clock() })
        .onConflictDoNothing({ target: sites.code })
        .returning({ id: sites.id }),
    );
    if (inserted.length === 0) throw siteCodeTaken();
    audit({ action: 'C', entity: 'site', entityId: siteId, after: input });
    return { siteId };
  });
}
