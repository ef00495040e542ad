import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { actingOnBehalfOf } from './acting.ts';
import { settleRequest } from './settle-request.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { MessageEnvelope, RecordConsentInput, SignedConsent, WorkflowCtx } from './types.ts';

/**
 * Step 1. A consent that was really signed is always recorded, whatever ends the enrollment meanwhile; it is never
 * undone. False when it can't be (an operator gave up), or when the same request has enrolled already.
 */
export async function recordSignedConsent(enrollment: Enrollment): Promise<boolean> {
  const { input } = enrollment;
  try {
    const signed = { consent: input.consent, requestKey: input.requestKey };
    const recorded = await CancellationScope.nonCancellable(() => enrollment.step('consent', recording(enrollment, signed, actingOnBehalfOf(input)).run));
    keep(enrollment, signed.consent, recorded);
    const { consentId, validity } = recorded;
    const started = recorded.enrollmentId === input.enrollmentId;
    const enrollmentId = recorded.enrollmentId ?? input.enrollmentId;
    enrollment.firstAnswer = { recorded: { enrollmentId, stage: 'consent', outcome: null, consentId, validity, started } };
    if (!started) enrollment.outcomeReason = 'repeated_request';
    return started;
  } catch (failure) {
    // Only an abort ends step 1 without an answer. An attempt under way is not barred: what was signed is kept if it arrives.
    if (!isCancellation(failure)) throw failure;
    const why = "An operator ended this enrollment before it was known whether its consent had been recorded; look at the person's consents.";
    enrollment.firstAnswer = { failed: { code: 'consent_unconfirmed', why } };
    enrollment.outcomeReason = 'consent_unconfirmed';
    return false;
  }
}

/**
 * Records a renewed consent in the same way. Throws the service's refusal when it is none that could be recorded; with
 * `failure` it stands, but the enrollment is being ended.
 */
export async function recordRenewedConsent(enrollment: Enrollment, message: MessageEnvelope & { consent: SignedConsent }) {
  const signed = { consent: message.consent, requestKey: message.key };
  const { key, run } = recording(enrollment, signed, actingOnBehalfOf(message));
  try {
    const recorded = await CancellationScope.nonCancellable(() => enrollment.requested('consent', run));
    keep(enrollment, signed.consent, recorded);
    return { recorded };
  } catch (failure) {
    // Only an abort ends it without an answer; the consent may stand all the same.
    const recorded = isCancellation(failure) ? await settleRequest<Recorded>(enrollment, 'patient', key) : undefined;
    if (recorded) return { recorded, failure };
    throw failure;
  }
}

type Recorded = Awaited<ReturnType<ReturnType<typeof recording>['run']>>;

function recording(enrollment: Enrollment, signed: { consent: SignedConsent; requestKey: string }, ctx: WorkflowCtx) {
  const { activities, input } = enrollment;
  const { patientId, studyId, siteId, enrollmentId, capacity, canRead } = input;
  const request: RecordConsentInput = { patientId, studyId, siteId, enrollmentId, capacity, canRead, ...signed };
  const key = enrollment.nextKey('consent');
  const run = () => activities.patient.recordConsent.executeWithOptions({ summary: STEPS.consent.summary }, [{ ctx, key, input: request }]);
  return { key, run };
}

function keep(enrollment: Enrollment, { version, language }: SignedConsent, { consentId, validity, signedAt }: Recorded): void {
  enrollment.consent = { consentId, validity, signedAt, version, language };
  enrollment.firstSignedAt ??= signedAt;
}
