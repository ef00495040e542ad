import { runCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { StudyDeps } from './deps.ts';
import { enrollmentClosed, outOfOrder } from './errors.ts';
import { ledger } from './ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import type { Revised } from './types.ts';

/**
 * Enrols the participant (domain, step 6). Throws `out_of_order` without an opening, `enrollment_closed` when
 * the enrollment has its outcome. After `voidEnrolling` another round may enrol again.
 */
export async function enrollParticipant({ db, clock }: StudyDeps, { ctx, key, input }: Call<Revised>): Promise<{ enrolledAt: string }> {
  const { identity, revision } = input;
  const { enrollmentId } = identity;
  return runCommand({ db, ledger, verb: 'enrollParticipant', key, content: { identity }, ctx }, async (tx, audit) => {
    const current = await lockRecord(tx, identity);
    if (!current?.subjectNumber) throw outOfOrder('openEnrollment');
    if (current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const stage = 'enrollment';
    const facts = { enrolledAt: now, enrollmentVoidedAt: null };
    await Promise.all([
      writeRecord(tx, { identity, revision, current, facts, position: { stage }, now }),
      writeMilestone(tx, { enrollmentId, at: now, event: 'ENTERED INTO TRIAL', stage, actor: ctx.actor }),
    ]);
    const before = { stage: current.stage, enrolledAt: current.enrolledAt, enrollmentVoidedAt: current.enrollmentVoidedAt };
    audit({ action: 'U', entity: 'enrollment', entityId: enrollmentId, before, after: { stage, ...facts } });
    return { enrolledAt: now.toISOString() };
  });
}
