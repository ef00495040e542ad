import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import { supersedingVersion } from '../set-up/consent-is-current.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollmentClosed, outOfOrder } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import type { Enrolled, EnrollParticipant } from '../types.ts';

/**
 * Enrols the participant (domain, step 6). Throws `out_of_order` without an opening, `enrollment_closed` when
 * the enrollment has its outcome. After `voidEnrolling` another round may enrol again. On a superseded `consent`
 * nobody is enrolled: `held` until `version` has been consented to (ICH E6(R3) 2.8.2), then under a new key.
 */
export async function enrollParticipant({ db, clock }: StudyDeps, { ctx, key, input }: Call<EnrollParticipant>): Promise<Enrolled> {
  const { identity, revision, consent } = input;
  const { enrollmentId, studyId, siteId } = identity;
  return runCommand<Enrolled>({ db, ledger, verb: 'enrollParticipant', key, content: { identity }, ctx }, async (tx, audit) => {
    const current = await lockRecord(tx, identity);
    if (!current?.subjectNumber) throw outOfOrder('openEnrollment');
    if (current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const newerVersion = consent ? await statement(supersedingVersion(tx, { studyId, siteId, ...consent }, now)) : null;
    if (newerVersion !== null) return { held: 'consent_superseded', version: newerVersion };
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
