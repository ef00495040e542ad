import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { refusal } from '../attention.ts';
import { actingOnBehalfOf } from './acting.ts';
import type { Notices } from './notices.ts';
import { renewConsent } from './re-consent.ts';
import type { Request } from './requests.ts';
import { settleRequest } from './settle-request.ts';
import { SignOff } from './sign-off.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { AskedBy, EnrollmentInput, Outcome, ScreeningRecorded, Verdict } from './types.ts';

type Recorded = Pick<ScreeningRecorded, 'recorded' | 'missing'>;
type Evaluation = { verdict: Verdict; failed: string[]; missing: string[]; sha256: string };
/** Does this protocol version want more than a consent before somebody is enrolled? */
export function screens({ screening, eligibilitySignature }: EnrollmentInput['protocol']): boolean {
  return screening !== undefined || eligibilitySignature !== undefined;
}

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;

/**
 * Steps 3 and 4, for protocols that screen or want a signature: results come from the site in any order, the criteria
 * are evaluated after each part, and where the protocol says so the investigator signs what came out.
 */
export class Screening {
  readonly #enrollment: Enrollment;
  readonly #notices: Notices;
  readonly #signOff: SignOff;
  #opened = false;
  #evaluation: Evaluation | null = null;

  constructor(enrollment: Enrollment, notices: Notices) {
    this.#enrollment = enrollment;
    this.#notices = notices;
    this.#signOff = new SignOff(enrollment, notices);
  }

  /** Runs until the participant is eligible, or until there is an outcome. At once `eligible` for a direct protocol. */
  async untilEligible(): Promise<'eligible' | Outcome> {
    const { requests, input } = this.#enrollment;
    if (!screens(input.protocol)) return 'eligible';
    requests.take(['results', 'decision']);
    this.#enrollment.enter('screening');
    if (!this.#opened) await this.#open();
    else await this.#evaluate(input);
    for (;;) {
      const verdict = this.#evaluation?.verdict;
      if (verdict === 'failed') return this.#enrollment.ends('screen_failed', 'criteria_not_met');
      if (verdict === 'met' && !input.protocol.eligibilitySignature) break;
      const decided = await this.#next();
      if (decided === 'eligible') break;
      if (decided === 'not_eligible') return this.#enrollment.ends('screen_failed', 'not_eligible');
      if (decided === 'expired') return this.#enrollment.ends('expired', 'reconsent_deadline');
    }
    this.#signOff.stop();
    requests.close('screening_closed', 'The screening has been completed.');
    void this.#enrollment.setAwaiting(null);
    return 'eligible';
  }

  /** Runs `work`; an invalidation of the signed decision ends it at once, and is recorded. */
  async unlessInvalidated<T>(work: () => Promise<T>): Promise<T | 'invalidated'> {
    const { requests } = this.#enrollment;
    if (!this.#signOff.signed) return work();
    const scope = new CancellationScope();
    requests.take(['invalidation'], {
      whyNot: { decision: ['already_decided', 'The eligibility has been decided.'] },
      arrived: () => scope.cancel(),
    });
    try {
      const reached = await scope.run(work);
      requests.close('too_late', 'The pivot has been passed, or the enrollment is being ended. Who is found ineligible now stays in the trial: log a deviation.');
      return reached;
    } catch (failure) {
      if (!isCancellation(failure) || !requests.someoneWaits || this.#enrollment.interruption) throw failure;
    }
    const request = (await requests.next()) as Of<'invalidation'>;
    requests.close('not_decided', 'The decision has been invalidated; what followed from it is being undone.');
    await this.#signOff.invalidate(request);
    return 'invalidated';
  }

  /** Step 2: the forms open; they are closed when the enrollment is undone, and never deleted. */
  async #open(): Promise<void> {
    const { activities, input, saga, ctx, subjectNumber, firstSignedAt } = this.#enrollment;
    const { enrollmentId, studyId, siteId, protocol } = input;
    const key = this.#enrollment.key('screening');
    saga.register('screening', () =>
      activities.edc.closeScreening.executeWithOptions({ summary: 'UNDO: close the screening forms' }, [
        { ctx: this.#enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, enrollmentId, reason: 'enrollment_undone' } },
      ]),
    );
    const about = { enrollmentId, studyId, siteId, subjectNumber: subjectNumber ?? '', protocolVersionId: protocol.protocolVersionId };
    const { items } = await this.#enrollment.step('screening', () =>
      activities.edc.openScreening.executeWithOptions({ summary: STEPS.screening.summary }, [
        { ctx, key, input: { ...about, consentSignedAt: firstSignedAt ?? '' } },
      ]),
    );
    this.#opened = true;
    if (items === 0) await this.#evaluate(input);
  }

  /** Waits for what is asked next, and does it. */
  async #next(): Promise<'eligible' | 'not_eligible' | 'expired' | undefined> {
    const { requests } = this.#enrollment;
    if (this.#evaluation?.verdict === 'met') this.#signOff.ask();
    else this.#awaitResults();
    const request = await requests.next();
    if (request.kind === 'results') return this.#record(request);
    if (request.kind !== 'decision') return undefined;
    const decided = await this.#signOff.decide(request);
    if (decided?.superseded === undefined) return decided?.decision;
    // Nobody can sign meanwhile; reminder and expiry begin anew with what is to be signed then.
    this.#signOff.stop();
    requests.close('awaiting_consent', 'A consent on the new version is awaited before anything else goes on.');
    if (!(await renewConsent(this.#enrollment, this.#notices, decided.superseded))) return 'expired';
    requests.take(['results', 'decision']);
    // The signature is bound to the consent version seen, so what is to be signed has changed.
    if (this.#evaluation) await this.#evaluate(request.message);
    return undefined;
  }

  #awaitResults(): void {
    if (this.#enrollment.awaiting?.what === 'screening_results') return;
    const ends = this.#signOff.boundResults();
    const until = ends === null ? null : new Date(ends).toISOString();
    void this.#enrollment.setAwaiting({ what: 'screening_results', who: 'the site', until });
  }

  async #record(request: Of<'results'>): Promise<undefined> {
    const { activities, input, requests } = this.#enrollment;
    const { enrollmentId } = input;
    const { message } = request;
    const call = { ctx: actingOnBehalfOf(message), key: this.#enrollment.nextKey('results'), input: { enrollmentId, results: message.results } };
    let results: Recorded | undefined;
    const work = async () => {
      results = await this.#enrollment.requested('results', () =>
        activities.edc.recordScreeningResults.executeWithOptions({ summary: STEPS.results.summary }, [call]),
      );
      const { verdict, failed } = await this.#evaluate(message);
      return { enrollmentId, ...results, verdict, failed };
    };
    await requests.serve<ScreeningRecorded>(request, work, async () => {
      results ??= await settleRequest<Recorded>(this.#enrollment, 'edc', call.key);
      return results && { enrollmentId, ...results, verdict: 'not_evaluated', failed: [] };
    });
  }

  async #evaluate(by: AskedBy): Promise<Evaluation> {
    const { activities, identity, consent } = this.#enrollment;
    if (!consent) throw refusal('out_of_order', 'There is no consent yet.');
    const key = this.#enrollment.nextKey('evaluation');
    const { consentId, version, language, signedAt } = consent;
    const about = { identity, round: this.#signOff.round, consent: { consentId, version, language, signedAt } };
    const call = { ctx: actingOnBehalfOf(by), key };
    const evaluation = await this.#enrollment.step('evaluation', () =>
      activities.study.evaluateEligibility.executeWithOptions({ summary: STEPS.evaluation.summary }, [
        { ...call, input: { ...about, revision: this.#enrollment.nextRevision() } },
      ]),
    );
    this.#evaluation = evaluation;
    this.#enrollment.failedCriteria = evaluation.failed;
    return evaluation;
  }
}
