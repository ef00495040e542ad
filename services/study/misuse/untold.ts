import { and, asc, eq, gt, inArray, isNull, lte } from 'drizzle-orm';
import { read, runCommand, statement } from '../../../db/index.ts';
import { type Call, type Incident, notFound, type Read, type Untold } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { misuses } from './tables.ts';

/**
 * Misuses of which nobody has been told yet, one incident for all that are about the same thing: somebody who sends a
 * thousand forged messages causes one mail, not a thousand. Its id is the last one's.
 */
export async function listUntoldMisuses({ db }: StudyDeps, { input: { after, limit } }: Read<Untold>): Promise<{ items: Incident[] }> {
  const rows = await read(db, (orm) =>
    orm
      .select()
      .from(misuses)
      .where(and(isNull(misuses.toldAt), after === undefined ? undefined : gt(misuses.id, after)))
      .orderBy(asc(misuses.id))
      .limit(limit),
  );
  const byThing = new Map<string, Incident>();
  for (const { id: incidentId, about, role, at } of rows) {
    const count = (byThing.get(about)?.count ?? 0) + 1;
    byThing.set(about, { incidentId, kind: 'signature_misuse', about, role, at: at.toISOString(), count });
  }
  return { items: [...byThing.values()].toSorted((a, b) => (a.incidentId < b.incidentId ? -1 : 1)) };
}

/** Marks a misuse as told, with all untold ones before it that are about the same thing. Throws `misuse_not_found`. */
export async function markMisusesTold({ db, clock }: StudyDeps, { ctx, key, input }: Call<{ incidentId: string }>): Promise<{ incidentId: string }> {
  const { incidentId } = input;
  return runCommand({ db, ledger, verb: 'markMisusesTold', key, content: input, ctx }, async (tx, audit) => {
    const [last] = await statement(tx.select({ about: misuses.about }).from(misuses).where(eq(misuses.id, incidentId)));
    if (!last) throw notFound('misuse');
    const untold = and(eq(misuses.about, last.about), lte(misuses.id, incidentId), isNull(misuses.toldAt));
    const rows = await statement(tx.select({ id: misuses.id }).from(misuses).where(untold).for('update'));
    const ids = rows.map(({ id }) => id);
    const toldAt = clock();
    if (ids.length > 0) await statement(tx.update(misuses).set({ toldAt }).where(inArray(misuses.id, ids)));
    if (ids.length > 0) audit({ action: 'U', entity: 'misuse', entityId: incidentId, before: { toldAt: null }, after: { toldAt, told: ids.length } });
    return { incidentId };
  });
}
