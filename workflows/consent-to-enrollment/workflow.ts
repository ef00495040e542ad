import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { recordSignedConsent, stopAwaitingConsent, validConsent } from './consent.ts';
import { enrol, openDataCollection, openEnrollment } from './enrolling.ts';
import { handleMessages } from './handlers.ts';
import { Notices } from './notices.ts';
import { applyWithdrawal, outcomeOfUndone, recordOutcome, showOutcome, tellOfOutcome } from './outcome.ts';
import { Slot } from './slot.ts';
import { Enrollment } from './state.ts';
import type { EnrollmentInput, EnrollmentResult, Outcome } from './types.ts';

/**
 * From signed consent to enrolled, for a direct protocol. Before the pivot every step can be undone; after it there
 * is only forward. Ends with an outcome, never with an error: refusal, a full site and withdrawal are outcomes.
 */
export async function consentToEnrollment(input: EnrollmentInput): Promise<EnrollmentResult> {
  const enrollment = new Enrollment(input);
  handleMessages(enrollment, CancellationScope.current());
  return CancellationScope.nonCancellable(async () => {
    const outcome = await run(enrollment);
    await condition(allHandlersFinished);
    return { enrollmentId: input.enrollmentId, outcome, subjectNumber: enrollment.subjectNumber };
  });
}

async function run(enrollment: Enrollment): Promise<Outcome> {
  const notices = new Notices(enrollment);
  const slot = new Slot(enrollment);

  // 1. The signed consent is recorded, whatever comes; it is never undone.
  if (!(await recordSignedConsent(enrollment))) return notStarted(enrollment, notices);
  notices.begin('consent_recorded');

  // 2-8. Up to the pivot: a withdrawal or an abort ends it at any moment, and what was done is undone.
  const reached = await enrollment.interruptibly(() => untilThePivot(enrollment, slot));
  if (!enrollment.pastPivot) return undo(enrollment, { reached: reached === 'interrupted' ? 'voided' : reached, slot, notices });

  // 9. Past the pivot: the study doctor is told. Nothing is undone any more.
  enrollment.dropAbort();
  enrollment.saga.forget();
  enrollment.enter('activation');
  notices.add('enrolled');
  if (enrollment.capNotice) {
    const { kind, ...counts } = enrollment.capNotice;
    notices.add(kind, counts);
  }
  await enrollment.interruptibly(() => notices.deliver());
  if (!enrollment.interruption) await recordOutcome(enrollment, 'active');
  return withdrawnOr(enrollment, notices);
}

async function untilThePivot(enrollment: Enrollment, slot: Slot): Promise<Outcome> {
  if (!(await validConsent(enrollment))) return enrollment.ends('expired', 'reconsent_deadline');
  if (!(await openEnrollment(enrollment))) return 'voided';

  enrollment.enter('slot');
  if (!(await slot.reserve())) return 'cap_reached';

  enrollment.enter('enrollment');
  await enrol(enrollment);

  enrollment.enter('casebook');
  await openDataCollection(enrollment);

  return (await slot.confirm()) ? 'active' : 'cap_reached';
}

async function undo(enrollment: Enrollment, at: { reached: Outcome; slot: Slot; notices: Notices }): Promise<Outcome> {
  enrollment.closing = true;
  stopAwaitingConsent(enrollment);
  await at.slot.stopTimer();
  await enrollment.saga.undoAll();
  const outcome = outcomeOfUndone(enrollment, at.reached);
  await recordOutcome(enrollment, outcome);
  await tellOfOutcome(enrollment, at.notices);
  return outcome;
}

/** A withdrawal that was accepted while the rest was being told or recorded is applied before the run ends. */
async function withdrawnOr(enrollment: Enrollment, notices: Notices): Promise<Outcome> {
  if (!enrollment.interruption) return 'active';
  await applyWithdrawal(enrollment);
  await tellOfOutcome(enrollment, notices);
  return 'withdrawn';
}

/** Ended in step 1: the same request had enrolled before, or an operator gave up on recording the consent. */
async function notStarted(enrollment: Enrollment, notices: Notices): Promise<Outcome> {
  enrollment.closing = true;
  // A repeated request has no record of its own: its caller was told the enrollment that it belongs to.
  if (enrollment.outcomeReason === 'repeated_request') {
    showOutcome(enrollment, 'voided');
    return 'voided';
  }
  const outcome = outcomeOfUndone(enrollment, 'voided');
  await recordOutcome(enrollment, outcome);
  await tellOfOutcome(enrollment, notices);
  return outcome;
}
