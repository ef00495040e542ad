import { desc, eq, inArray, type SQL } from 'drizzle-orm';
import { read, type ServiceDatabase } from '../../db/index.ts';
import { MAX_APPROVALS } from './activate-site.ts';
import type { Activation } from './schemas.ts';
import { activations, approvals, sites } from './tables.ts';

/** Activations with their site and approvals (newest first), in the order of their sites' codes; at most `limit`. */
export async function activationsWhere(
  db: ServiceDatabase,
  { where, limit }: { where: SQL | undefined; limit: number },
): Promise<Activation[]> {
  const wanted = db.orm.select({ id: activations.id }).from(activations).where(where);
  const [rows, approved] = await Promise.all([
    read(db, (orm) =>
      orm
        .select({ activation: activations, site: { code: sites.code, name: sites.name, timezone: sites.timezone } })
        .from(activations)
        .innerJoin(sites, eq(sites.id, activations.siteId))
        .where(where)
        .orderBy(sites.code)
        .limit(limit),
    ),
    read(db, (orm) =>
      orm
        .select()
        .from(approvals)
        .where(inArray(approvals.activationId, wanted))
        .orderBy(desc(approvals.ethicsApprovedAt))
        .limit(limit * MAX_APPROVALS),
    ),
  ]);
  const byActivation = Map.groupBy(approved, (approval) => approval.activationId);
  return rows.map(({ activation: { id, studyId, siteId, cap, reserved, confirmed }, site }) => ({
    activationId: id,
    studyId,
    siteId,
    site,
    cap,
    reserved,
    confirmed,
    approvals: (byActivation.get(id) ?? []).map(({ protocolVersion, ethicsApprovedAt }) => ({
      protocolVersion,
      ethicsApprovedAt: ethicsApprovedAt.toISOString(),
    })),
  }));
}
