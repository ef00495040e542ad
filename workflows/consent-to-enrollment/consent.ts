import { ApplicationFailure, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { describeFailure, refusal } from '../attention.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { RecordConsentInput, SignedConsent } from './types.ts';

/**
 * Step 1. A consent that was really signed is always recorded, whatever ends the enrollment meanwhile; it is never
 * undone. False when it can't be (an operator gave up), or when the same request has enrolled already.
 */
export async function recordSignedConsent(enrollment: Enrollment): Promise<boolean> {
  const { input } = enrollment;
  try {
    const recorded = await record(enrollment, { consent: input.consent, requestKey: input.requestKey, round: 1 });
    const { consentId, validity } = recorded;
    const started = recorded.enrollmentId === input.enrollmentId;
    const enrollmentId = recorded.enrollmentId ?? input.enrollmentId;
    enrollment.firstAnswer = { recorded: { enrollmentId, stage: 'consent', outcome: null, consentId, validity, started } };
    if (!started) enrollment.outcomeReason = 'repeated_request';
    return started;
  } catch (failure) {
    // Only an abort ends step 1 without a record.
    if (!isCancellation(failure)) throw failure;
    enrollment.firstAnswer = { failed: { code: 'consent_not_recorded', why: 'An operator ended this enrollment before its consent could be recorded.' } };
    enrollment.outcomeReason = 'consent_not_recorded';
    return false;
  }
}

/**
 * Nothing proceeds on a consent whose version or discusser was not valid when it was signed: a deviation is logged
 * and a new consent awaited (ICH E6(R3) 2.8.2). False when the protocol version's deadline ends first.
 */
export async function validConsent(enrollment: Enrollment): Promise<boolean> {
  const until = Date.now() + enrollment.input.protocol.reconsentDeadlineMs;
  for (let round = 2; ; round += 1) {
    const validity = enrollment.consent?.validity ?? 'version_not_approved';
    if (validity === 'valid') break;
    await enrollment.setAwaiting({ what: 'consent', who: 'the site', until: new Date(until).toISOString() });
    await enrollment.step('consent', () => logDeviation(enrollment, { round, validity }));
    const inTime = await condition(() => enrollment.reConsent !== null, Math.max(1, until - Date.now()), {
      summary: 'Deadline of the new consent',
    });
    if (!inTime) return false;
    await recordReConsent(enrollment, round);
  }
  if (enrollment.awaiting) await enrollment.setAwaiting(null);
  return true;
}

/** The wait has ended otherwise: nothing is awaited any more, and whoever sent a consent meanwhile is told so. */
export function stopAwaitingConsent(enrollment: Enrollment): void {
  enrollment.awaiting = null;
  if (!enrollment.reConsent) return;
  const answer = refusal('not_awaiting_consent', 'This enrollment does not wait for a consent any more.');
  enrollment.reConsentAnswer.set(enrollment.reConsent.key, answer);
  enrollment.reConsent = null;
}

async function recordReConsent(enrollment: Enrollment, round: number): Promise<void> {
  const message = enrollment.reConsent;
  if (!message) return;
  try {
    const { consentId, validity } = await record(enrollment, { consent: message.consent, requestKey: message.key, round });
    enrollment.reConsentAnswer.set(message.key, { enrollmentId: enrollment.input.enrollmentId, consentId, validity });
  } catch (failure) {
    const { code, why } = describeFailure(failure);
    enrollment.reConsentAnswer.set(message.key, ApplicationFailure.create({ type: code, message: why, nonRetryable: true }));
    throw failure;
  } finally {
    enrollment.reConsent = null;
  }
}

async function record(enrollment: Enrollment, signed: { consent: SignedConsent; requestKey: string; round: number }) {
  const { activities, input, ctx } = enrollment;
  const { patientId, studyId, siteId, enrollmentId, capacity, canRead } = input;
  const request: RecordConsentInput = {
    patientId, studyId, siteId, enrollmentId, capacity, canRead, requestKey: signed.requestKey, consent: signed.consent,
  };
  const recorded = await CancellationScope.nonCancellable(() =>
    enrollment.step('consent', () =>
      activities.patient.recordConsent.executeWithOptions({ summary: STEPS.consent.summary }, [
        { ctx, key: enrollment.key('consent', signed.round), input: request },
      ]),
    ),
  );
  enrollment.consent = { consentId: recorded.consentId, validity: recorded.validity, signedAt: recorded.signedAt };
  return recorded;
}

function logDeviation(enrollment: Enrollment, deviation: { round: number; validity: string }): Promise<unknown> {
  return enrollment.activities.study.logDeviation.executeWithOptions({ summary: 'Log the deviation: consent not valid' }, [
    {
      ctx: enrollment.ctx,
      key: enrollment.key('consent-deviation', deviation.round),
      input: {
        enrollmentId: enrollment.input.enrollmentId,
        category: 'informed_consent',
        severity: 'major',
        description: `Consent signed although not valid then: ${deviation.validity}`,
      },
    },
  ]);
}
