import { undoCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone } from './record.ts';
import type { OpeningResult, UndoStep } from '../types.ts';

/**
 * Settles the opening with this key: either it took effect (then subject number and log line stay, and wait for
 * the outcome), or a late attempt is refused from now on. Repeating it gives the same answer.
 */
export async function cancelOpening({ db, clock }: StudyDeps, { ctx, input }: Call<UndoStep>): Promise<{ opened: boolean }> {
  const { stepKey: key, identity } = input;
  const settled = await undoCommand<OpeningResult>({ db, ledger, verb: 'openEnrollment', key, ctx }, async (tx, result, audit) => {
    if (!result.opened) return;
    const current = await lockRecord(tx, identity);
    const { enrollmentId } = identity;
    await writeMilestone(tx, { enrollmentId, at: clock(), event: 'OPENING CANCELLED', stage: current?.stage ?? 'consent', actor: ctx.actor });
    audit({ action: 'U', entity: 'enrollment', entityId: enrollmentId, before: { opening: 'done' }, after: { opening: 'cancelled' } });
  });
  return { opened: settled.tookEffect && settled.result.opened };
}
