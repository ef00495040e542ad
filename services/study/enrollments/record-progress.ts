import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import { awaitingOf } from './to-record.ts';
import type { RecordProgress } from '../types.ts';

/**
 * Writes where the enrollment stands and whom it waits for, be it opened already or not. An older revision
 * changes nothing (`applied: false`): reports may overtake each other.
 */
export async function recordProgress({ db, clock }: StudyDeps, { ctx, key, input }: Call<RecordProgress>): Promise<{ applied: boolean }> {
  const { identity, revision, stage, needsAttention, stuckStep, awaiting } = input;
  const { enrollmentId } = identity;
  return runCommand({ db, ledger, verb: 'recordProgress', key, content: input, ctx }, async (tx, audit) => {
    const current = await lockRecord(tx, identity);
    if (current && revision <= current.revision) return { applied: false };
    const now = clock();
    const position = {
      stage,
      needsAttention,
      stuckStep,
      awaitingWhat: awaiting?.what ?? null,
      awaitingWho: awaiting?.who ?? null,
      awaitingUntil: awaiting?.until ? new Date(awaiting.until) : null,
    };
    const after = { stage, needsAttention, stuckStep, awaiting };
    const event = needsAttention ? 'NEEDS ATTENTION' : awaiting ? 'AWAITING' : 'PROGRESS';
    await writeRecord(tx, { identity, revision, current, position, now });
    await writeMilestone(tx, { enrollmentId, at: now, event, stage, actor: ctx.actor, details: { stuckStep, awaiting } });
    audit({
      action: current ? 'U' : 'C',
      entity: 'enrollment',
      entityId: enrollmentId,
      before: current && { stage: current.stage, needsAttention: current.needsAttention, stuckStep: current.stuckStep, awaiting: awaitingOf(current) },
      after,
    });
    return { applied: true };
  });
}
