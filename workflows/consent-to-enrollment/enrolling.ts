import { sideBySide } from '../side-by-side.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';

/** Step 2: the screening-log line and the subject number, which is never used again. False when not admissible any more. */
export async function openEnrollment(enrollment: Enrollment): Promise<boolean> {
  const { activities, identity, saga, ctx, consent } = enrollment;
  const key = enrollment.key('opening');
  const revision = enrollment.nextRevision();
  saga.register('opening', () =>
    activities.study.cancelOpening.executeWithOptions({ summary: 'UNDO: close the opening (the number stays on the log)' }, [
      { ctx: enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, identity, revision: enrollment.nextRevision() } },
    ]),
  );
  const input = { identity, revision, consentId: consent?.consentId ?? '', signedAt: consent?.signedAt ?? '' };
  const opening = await enrollment.step('opening', () =>
    activities.study.openEnrollment.executeWithOptions({ summary: STEPS.opening.summary }, [{ ctx, key, input }]),
  );
  if (!opening.opened) {
    enrollment.outcomeReason = opening.reason;
    return false;
  }
  enrollment.subjectNumber = opening.subjectNumber;
  return true;
}

/**
 * Step 6: enrolled. Undone as `enrollment_voided`, never deleted. Answers the consent version that has to be signed
 * before it can go on, or null when the participant is enrolled.
 */
export async function enrol(enrollment: Enrollment): Promise<string | null> {
  const { activities, identity, saga, ctx, signedVersion: consent } = enrollment;
  const key = enrollment.nextKey('enrolling');
  const revision = enrollment.nextRevision();
  saga.register('enrolling', async () => {
    const undoRevision = enrollment.nextRevision();
    const { undone } = await activities.study.voidEnrolling.executeWithOptions({ summary: 'UNDO: void the enrollment' }, [
      { ctx: enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, identity, revision: undoRevision } },
    ]);
    // A lost answer may have hidden that the step took effect: it decides between declined and withdrawn.
    if (undone) enrollment.enrolled = true;
  });
  const enrolled = await enrollment.step('enrolling', () =>
    activities.study.enrollParticipant.executeWithOptions({ summary: STEPS.enrolling.summary }, [
      { ctx, key, input: { identity, revision, ...consent } },
    ]),
  );
  if ('held' in enrolled) return enrolled.version;
  enrollment.enrolled = true;
  return null;
}

/** Step 7: the casebook with its planned visits and, where the protocol has one, the ePRO schedule, side by side. */
export async function openDataCollection(enrollment: Enrollment): Promise<void> {
  const anchorAt = new Date().toISOString();
  await sideBySide([
    () => openCasebook(enrollment, anchorAt),
    ...(enrollment.input.protocol.hasEpro ? [() => startEpro(enrollment, anchorAt)] : []),
  ]);
}

async function openCasebook(enrollment: Enrollment, anchorAt: string): Promise<void> {
  const { activities, input, saga, ctx } = enrollment;
  const { enrollmentId, studyId, siteId, protocol } = input;
  const key = enrollment.nextKey('casebook');
  saga.register('casebook', () =>
    activities.edc.closeCasebook.executeWithOptions({ summary: 'UNDO: close the casebook' }, [
      { ctx: enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, enrollmentId, reason: 'enrollment_undone' } },
    ]),
  );
  const subjectNumber = enrollment.subjectNumber ?? '';
  await enrollment.step('casebook', () =>
    activities.edc.openCasebook.executeWithOptions({ summary: STEPS.casebook.summary }, [
      { ctx, key, input: { enrollmentId, studyId, siteId, subjectNumber, protocolVersionId: protocol.protocolVersionId, anchorAt } },
    ]),
  );
}

async function startEpro(enrollment: Enrollment, anchorAt: string): Promise<void> {
  const { activities, input, saga, ctx } = enrollment;
  const { enrollmentId, studyId, siteId, protocol } = input;
  const key = enrollment.nextKey('epro');
  saga.register('epro', () =>
    activities.edc.stopEpro.executeWithOptions({ summary: 'UNDO: stop the ePRO schedule' }, [
      { ctx: enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, enrollmentId, reason: 'enrollment_undone' } },
    ]),
  );
  await enrollment.skippableStep('epro', () =>
    activities.edc.startEpro.executeWithOptions({ summary: STEPS.epro.summary }, [
      { ctx, key, input: { enrollmentId, studyId, siteId, protocolVersionId: protocol.protocolVersionId, anchorAt } },
    ]),
  );
}
