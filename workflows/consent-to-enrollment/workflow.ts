import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { recordSignedConsent } from './consent.ts';
import { enrol, openDataCollection, openEnrollment } from './enrolling.ts';
import { handleMessages } from './handlers.ts';
import { Notices } from './notices.ts';
import { applyWithdrawal, outcomeOfUndone, recordOutcome, showOutcome, tellOfOutcome } from './outcome.ts';
import { passRandomisation, randomises, tellOfRandomisation } from './randomisation.ts';
import { deviationsLogged, renewConsent, stopAwaitingConsent, validConsent } from './re-consent.ts';
import { Screening, screens } from './screening.ts';
import { Slot } from './slot.ts';
import { Enrollment } from './state.ts';
import type { EnrollmentInput, EnrollmentResult, Outcome } from './types.ts';

/**
 * From signed consent to enrolled. The protocol version says whether there is a screening and a signature. Before the
 * pivot every step can be undone; after it there is only forward. Ends with an outcome, never with an error: screen
 * failure, a full site, an expired deadline and withdrawal are outcomes.
 */
export async function consentToEnrollment(input: EnrollmentInput): Promise<EnrollmentResult> {
  const enrollment = new Enrollment(input);
  // What comes before the forms are open waits for them: the site need not ask whether they are.
  if (screens(input.protocol)) enrollment.requests.take(['results', 'decision']);
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
  const reached = await enrollment.interruptibly(() => untilThePivot(enrollment, { slot, notices }));
  if (!enrollment.pastPivot) return undo(enrollment, { reached: reached === 'interrupted' ? 'voided' : reached, slot, notices });

  // 9. Past the pivot: the study doctor is told. Nothing is undone any more.
  enrollment.deadlines.stopAll();
  enrollment.dropWhatIsTooLate();
  enrollment.saga.forget();
  enrollment.enter('activation');
  if (randomises(enrollment.input.protocol)) tellOfRandomisation(notices);
  else notices.add('enrolled');
  if (enrollment.capNotice) {
    const { kind, ...counts } = enrollment.capNotice;
    notices.add(kind, counts);
  }
  await enrollment.interruptibly(async () => {
    await notices.deliver();
    await deviationsLogged(enrollment);
  });
  if (!enrollment.interruption) await recordOutcome(enrollment, 'active');
  return withdrawnOr(enrollment, notices);
}

type Parts = { slot: Slot; notices: Notices };

async function untilThePivot(enrollment: Enrollment, { slot, notices }: Parts): Promise<Outcome> {
  const screening = new Screening(enrollment, notices);
  openScreeningWindow(enrollment);

  // 2. A valid consent, and the subject number.
  if (!(await validConsent(enrollment, notices))) return enrollment.ends('expired', 'reconsent_deadline');
  if (!(await openEnrollment(enrollment))) return 'voided';

  // 3-4. Screening and eligibility, as the protocol version wants them; an invalidated signature brings back here.
  for (;;) {
    const eligible = await screening.untilEligible();
    if (eligible !== 'eligible') return eligible;
    const { mark } = enrollment.saga;
    const reached = await screening.unlessInvalidated(() => onceEligible(enrollment, { slot, notices }));
    if (reached !== 'invalidated') return reached;
    stopAwaitingConsent(enrollment);
    await slot.stopTimer();
    await enrollment.saga.undoTo(mark);
    slot.forget();
    enrollment.enrolled = false;
  }
}

async function onceEligible(enrollment: Enrollment, { slot, notices }: Parts): Promise<Outcome> {
  // 5. The slot, with its time to live.
  enrollment.enter('slot');
  if (!(await slot.reserve())) return 'cap_reached';

  // 6. Enrolled, unless an amendment concerns the participant by now: then the slot is given back until it is signed.
  enrollment.enter('enrollment');
  for (let missing = await enrol(enrollment); missing !== null; missing = await enrol(enrollment)) {
    await slot.giveBack();
    if (!(await renewConsent(enrollment, notices, missing))) return enrollment.ends('expired', 'reconsent_deadline');
    if (!(await slot.reserve())) return 'cap_reached';
  }

  // 7. Casebook and diaries.
  enrollment.enter('casebook');
  await openDataCollection(enrollment);

  // 8. The pivot: the slot is confirmed and, where the protocol has arms, the participant is randomised.
  const { input } = enrollment;
  if (randomises(input.protocol)) enrollment.enter('randomisation');
  for (;;) {
    const pivot = await (randomises(input.protocol) ? passRandomisation(enrollment, slot) : slot.confirm());
    if (pivot === 'confirmed' || pivot === 'randomised') return 'active';
    if (pivot === 'full') return 'cap_reached';
    await slot.giveBack();
    if (!(await renewConsent(enrollment, notices, pivot.superseded))) return enrollment.ends('expired', 'reconsent_deadline');
  }
}

/** The window counts from the first signature, never restarts, and ends the enrollment also while it is parked. */
function openScreeningWindow(enrollment: Enrollment): void {
  const { windowEnds, deadlines } = enrollment;
  if (windowEnds === null) return;
  deadlines.start('screening window', { until: windowEnds, summary: 'Screening window' }, () =>
    enrollment.interrupt({ kind: 'expiry', reason: 'screening_window' }),
  );
}

async function undo(enrollment: Enrollment, at: { reached: Outcome; slot: Slot; notices: Notices }): Promise<Outcome> {
  enrollment.closing = true;
  enrollment.deadlines.stopAll();
  closeDesks(enrollment);
  stopAwaitingConsent(enrollment);
  await at.slot.stopTimer();
  await enrollment.saga.undoAll();
  await deviationsLogged(enrollment);
  // Only now: a withdrawal that was accepted meanwhile counts most.
  const outcome = outcomeOfUndone(enrollment, at.reached);
  await recordOutcome(enrollment, outcome);
  await tellOfOutcome(enrollment, at.notices);
  return outcome;
}

function closeDesks({ requests, randomisations }: Enrollment): void {
  for (const desk of [requests, randomisations]) desk.close('closing', 'This enrollment is being closed.');
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
  closeDesks(enrollment);
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
