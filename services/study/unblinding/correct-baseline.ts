import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement, together } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { notRandomised, strataInvalid } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { stratumKey } from '../randomisation/stratum-key.ts';
import { allocations } from '../randomisation/tables.ts';
import type { NewBaselineCorrection } from '../schemas.ts';
import { correctionCells, deviationCells } from '../sealed-rows.ts';
import { deviations, enrollments } from '../enrollments/tables.ts';
import { protocolVersions } from '../tables.ts';
import type { BaselineCorrected } from '../types.ts';
import { baselineCorrections } from './tables.ts';

/**
 * Records the right baseline of somebody randomised in a wrong stratum (domain, after the pivot): the randomisation
 * stands, lists and balance stay as they are, and a deviation is logged in the same transaction. Throws
 * `enrollment_not_found`, `not_randomised`, `strata_invalid`.
 */
export async function correctBaseline(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewBaselineCorrection & { enrollmentId: string }>,
): Promise<BaselineCorrected> {
  const { enrollmentId, strata, reason } = input;
  return runCommand({ db, ledger, verb: 'correctBaseline', key, content: input, ctx: { ...ctx, reason } }, async (tx, audit) => {
    const [[record], [allocated], dataKey] = await together([
      statement(
        tx
          .select({ siteId: enrollments.siteId, body: protocolVersions.body })
          .from(enrollments)
          .innerJoin(protocolVersions, eq(protocolVersions.id, enrollments.protocolVersionId))
          .where(eq(enrollments.id, enrollmentId)),
      ),
      statement(tx.select({ strata: allocations.strata }).from(allocations).where(eq(allocations.enrollmentId, enrollmentId))),
      db.vault.keyFor(tx, enrollmentId),
    ]);
    if (!record) throw notFound('enrollment');
    const plan = record.body.randomisation;
    if (!plan || !allocated) throw notRandomised();
    if (stratumKey(plan, { levels: strata, siteId: record.siteId }) === null) throw strataInvalid();

    const at = clock();
    const [correctionId, deviationId] = [uuidv7(), uuidv7()];
    const description = `Randomised in a wrong stratum; the right baseline is recorded beside it. ${reason}`;
    const deviation = { enrollmentId, category: 'randomisation', severity: 'major' as const, description };
    const logged = { ...deviation, description: deviationCells(dataKey, deviationId).seal('description', description) };
    const said = correctionCells(dataKey, correctionId).seal('reason', reason);
    await Promise.all([
      statement(tx.insert(deviations).values({ id: deviationId, ...logged, actor: ctx.actor, at })),
      statement(tx.insert(baselineCorrections).values({ id: correctionId, enrollmentId, strata, reason: said, deviationId, actor: ctx.actor, at })),
    ]);
    audit({ action: 'C', entity: 'baseline_correction', entityId: correctionId, before: { strata: allocated.strata }, after: { enrollmentId, strata, deviationId } });
    audit({ action: 'C', entity: 'deviation', entityId: deviationId, after: deviation });
    return { correctionId, enrollmentId, deviationId, strata, at: at.toISOString() };
  });
}
