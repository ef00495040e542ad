import { eq } from 'drizzle-orm';
import { read, type ServiceDatabase } from '../../../db/index.ts';
import type { Unblinding } from '../types.ts';
import { unblindingApprovals, unblindings } from './tables.ts';
import { toUnblindings } from './to-unblinding.ts';

/**
 * A request that is known to be there, as it stood when it was made or, with `approved`, when it was approved: what
 * the command answers then and whenever it is repeated. The ledger itself holds no name and no reason.
 */
export async function readUnblinding(db: ServiceDatabase, { unblindingId, approved }: { unblindingId: string; approved: boolean }): Promise<Unblinding> {
  return read(db, async (orm) => {
    const [row] = await orm
      .select({ request: unblindings, approval: unblindingApprovals })
      .from(unblindings)
      .leftJoin(unblindingApprovals, eq(unblindingApprovals.unblindingId, unblindings.id))
      .where(eq(unblindings.id, unblindingId));
    if (!row) throw new Error('a request that was there is gone, although requests are never deleted');
    const { request, approval } = row;
    const [unblinding] = await toUnblindings(db, orm, [{ request, approval: approved ? approval : null }], request.at);
    return unblinding!;
  });
}
