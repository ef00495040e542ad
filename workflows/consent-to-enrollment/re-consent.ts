import { CancelledFailure, condition, patched } from '@temporalio/workflow';
import { refusal } from '../attention.ts';
import { recordRenewedConsent } from './consent.ts';
import type { Notices } from './notices.ts';
import { refusedBy } from './requests.ts';
import type { Enrollment } from './state.ts';
import type { ReConsent } from './types.ts';

type Given = Extract<ReConsent, { declined?: undefined }>;

/**
 * Nothing proceeds on a consent whose version or discusser was not valid when it was signed: a deviation is logged
 * and a new consent awaited (ICH E6(R3) 2.8.2). False when the protocol version's deadline ends first.
 */
export async function validConsent(enrollment: Enrollment, notices: Notices): Promise<boolean> {
  const until = Date.now() + enrollment.input.protocol.reconsentDeadlineMs;
  const awaited = { what: 'consent', who: 'the site', until: new Date(until).toISOString() };
  while (enrollment.consent?.validity !== 'valid') {
    enrollment.requests.close('awaiting_consent', 'A valid consent is awaited before anything else goes on.');
    await enrollment.setAwaiting(awaited);
    if (patched('renewals-told')) notices.begin('reconsent_requested', { version: enrollment.consent?.version ?? null, until: awaited.until });
    await logDeviation(enrollment);
    if (!(await renewed(enrollment, notices, until))) return false;
  }
  const waited = enrollment.awaiting !== null;
  stopAwaitingConsent(enrollment);
  if (waited) {
    enrollment.requests.take([]);
    await enrollment.setAwaiting(null);
  }
  return true;
}

/**
 * A new version of the consent form concerns the participant: nothing proceeds until it has been signed (ICH E6(R3)
 * 2.8.2). False when the deadline ends first, which counts from when this version was first found to be missing.
 */
export async function renewConsent(enrollment: Enrollment, notices: Notices, version: string): Promise<boolean> {
  const until = enrollment.reConsentUntil(version);
  const awaited = { what: 'consent', who: 'the participant', until: new Date(until).toISOString() };
  notices.begin('reconsent_requested', { version, until: awaited.until });
  for (;;) {
    void enrollment.setAwaiting(awaited);
    if (!(await renewed(enrollment, notices, until))) return false;
    if (enrollment.consent?.validity === 'valid') break;
    await logDeviation(enrollment);
  }
  stopAwaitingConsent(enrollment);
  void enrollment.setAwaiting(null);
  return true;
}

/** The wait has ended: whoever sent a consent that came too late is told so. No handler may be left without an answer. */
export function stopAwaitingConsent(enrollment: Enrollment): void {
  enrollment.stopAwaiting();
  if (!enrollment.reConsent) return;
  const answer = refusal('not_awaiting_consent', 'This enrollment does not wait for a consent any more.');
  enrollment.reConsentAnswer.set(enrollment.reConsent.key, answer);
  enrollment.reConsent = null;
}

/** True once a consent has been recorded. Who declines is no case for the software: the investigator decides. */
async function renewed(enrollment: Enrollment, notices: Notices, until: number): Promise<boolean> {
  for (;;) {
    const inTime = await condition(() => enrollment.reConsent !== null, Math.max(1, until - Date.now()), {
      summary: 'Deadline of the new consent',
    });
    if (!inTime) return false;
    const message = enrollment.reConsent;
    if (message?.consent && (await record(enrollment, notices, message))) return true;
    if (message?.declined) noteDeclined(enrollment, notices, { message, until });
  }
}

async function record(enrollment: Enrollment, notices: Notices, message: Given): Promise<boolean> {
  const { enrollmentId } = enrollment.input;
  try {
    const { recorded, failure } = await recordRenewedConsent(enrollment, message);
    const { consentId, validity } = recorded;
    enrollment.reConsentAnswer.set(message.key, { enrollmentId, consentId, validity });
    if (patched('renewals-told')) notices.begin('consent_recorded');
    if (failure !== undefined) throw new CancelledFailure('aborted by an operator');
    return true;
  } catch (failure) {
    if (enrollment.reConsentAnswer.has(message.key)) throw failure;
    const refused = refusedBy(failure);
    const answer = refused ?? refusal('not_applied', 'The enrollment was ended before this could be applied.');
    enrollment.reConsentAnswer.set(message.key, answer);
    if (!refused) throw failure;
    return false;
  } finally {
    enrollment.reConsent = null;
  }
}

function noteDeclined(enrollment: Enrollment, notices: Notices, { message, until }: { message: ReConsent; until: number }): void {
  enrollment.reConsent = null;
  enrollment.reConsentAnswer.set(message.key, { enrollmentId: enrollment.input.enrollmentId, declined: true });
  const at = new Date(until).toISOString();
  notices.begin('reconsent_declined', { until: at });
  void enrollment.setAwaiting({ what: 'decision', who: 'the investigator', until: at });
}

/** Every deviation is in the log. May be interrupted: what is accepted meanwhile is still part of the outcome. */
export async function deviationsLogged(enrollment: Enrollment): Promise<void> {
  if (enrollment.unlogged > 0) await condition(() => enrollment.unlogged === 0);
}

/** Logged beside the wait, so that its deadline runs on; no outcome is recorded before it holds. */
async function logDeviation(enrollment: Enrollment): Promise<void> {
  const { activities, consent, ctx, input } = enrollment;
  const key = enrollment.nextKey('consent-deviation');
  const deviation = {
    enrollmentId: input.enrollmentId,
    category: 'informed_consent',
    severity: 'major' as const,
    description: `Consent signed although not valid then: ${consent?.validity ?? 'version_not_approved'}`,
  };
  const log = () => activities.study.logDeviation.executeWithOptions({ summary: 'Log the deviation: consent not valid' }, [{ ctx, key, input: deviation }]);
  if (patched('deviations-beside')) void logBeside(enrollment, log);
  else await enrollment.step('consent', log);
}

async function logBeside(enrollment: Enrollment, log: () => Promise<unknown>): Promise<void> {
  enrollment.unlogged += 1;
  await enrollment.saga.untilItHolds('deviation', log);
  enrollment.unlogged -= 1;
}
