import { together, undoCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { outOfOrder } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import type { Enrolled, UndoStep } from '../types.ts';

/**
 * Undoes the enrolling with this key, or sees to it that a late attempt is refused. The record of having been
 * enrolled stays, marked as voided (domain, step 6); the reason comes with `ctx`. Repeating it changes nothing.
 * An enrolling that was held has nothing to undo.
 */
export async function voidEnrolling({ db, clock }: StudyDeps, { ctx, input }: Call<UndoStep>): Promise<{ undone: boolean }> {
  const { stepKey: key, identity, revision } = input;
  const { enrollmentId } = identity;
  const settled = await undoCommand<Enrolled>({ db, ledger, verb: 'enrollParticipant', key, ctx }, async (tx, result, audit) => {
    if ('held' in result) return;
    const [current, dataKey] = await together([lockRecord(tx, identity), db.vault.keyToSeal(tx, enrollmentId, [ctx.reason])]);
    if (!current) throw outOfOrder('enrollParticipant');
    const now = clock();
    const stage = 'slot';
    await writeRecord(tx, { identity, revision, current, facts: { enrollmentVoidedAt: now }, position: { stage }, now });
    await writeMilestone(tx, { enrollmentId, at: now, event: 'ENROLLMENT VOIDED', stage, actor: ctx.actor, details: { reason: ctx.reason ?? null }, key: dataKey });
    audit({
      action: 'U',
      entity: 'enrollment',
      entityId: enrollmentId,
      before: { stage: current.stage, enrollmentVoidedAt: current.enrollmentVoidedAt },
      after: { stage, enrollmentVoidedAt: now },
    });
  });
  return { undone: settled.tookEffect && !('held' in settled.result) };
}
