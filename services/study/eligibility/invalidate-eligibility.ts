import { eq } from 'drizzle-orm';
import { runCommand, statement, together } from '../../../db/index.ts';
import { type Call, notAuthentic, requireUnused } from '../../common/index.ts';
import { decisionInForce } from './decision-in-force.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollmentClosed, notDecided } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from '../enrollments/record.ts';
import { eligibilityDecisions } from './tables.ts';
import { decisionCells } from '../sealed-rows.ts';
import type { InvalidateEligibility } from '../types.ts';

/**
 * Invalidates the eligibility decision in force, for a reason and one way: it stays as it was signed, marked with who,
 * when and why (domain, step 4); another one may be signed then. Throws `enrollment_closed`, `not_decided`.
 */
export async function invalidateEligibility(
  { db, clock, commands }: StudyDeps,
  { ctx, key, input }: Call<InvalidateEligibility>,
): Promise<{ decisionId: string }> {
  const { revision, ...content } = input;
  const { identity, reason, by } = content;
  const { enrollmentId } = identity;
  const asserted = await commands.check({ ctx, operations: ['invalidateEligibility'], about: enrollmentId, content: () => ({ reason }) });
  if (asserted && (asserted.actor.id !== by.userId || asserted.actor.name !== by.name)) throw notAuthentic('other_person');
  return runCommand({ db, ledger, verb: 'invalidateEligibility', key, content, ctx }, async (tx, audit) => {
    await requireUnused(tx, { ledger, asserted, by: key });
    const [current, dataKey] = await together([lockRecord(tx, identity), db.vault.keyFor(tx, enrollmentId)]);
    if (current && current.outcome !== 'open') throw enrollmentClosed();
    const inForce = await decisionInForce(tx, enrollmentId);
    if (!current || !inForce) throw notDecided();
    const { id: decisionId, decision } = inForce;
    const now = clock();
    const stage = 'eligibility';
    const after = { invalidatedAt: now, invalidatedByUserId: by.userId, invalidatedByName: by.name, invalidatedReason: reason };
    const invalidatedReason = decisionCells(dataKey, decisionId).seal('invalidated_reason', reason);
    await Promise.all([
      writeRecord(tx, { identity, revision, current, position: { stage }, now }),
      statement(tx.update(eligibilityDecisions).set({ ...after, invalidatedReason }).where(eq(eligibilityDecisions.id, decisionId))),
      writeMilestone(tx, {
        enrollmentId,
        at: now,
        event: 'ELIGIBILITY DECISION INVALIDATED',
        stage,
        actor: ctx.actor,
        details: { decisionId, decision, by, reason },
        key: dataKey,
      }),
    ]);
    audit({ action: 'U', entity: 'eligibility_decision', entityId: decisionId, before: { invalidatedAt: null }, after });
    return { decisionId };
  });
}
