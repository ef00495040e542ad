import { patched } from '@temporalio/workflow';
import type { StudyActivities } from '../../activities/index.ts';
import { refusal } from '../attention.ts';
import { actingOnBehalfOf } from './acting.ts';
import type { Notices } from './notices.ts';
import type { Request } from './requests.ts';
import { settleRequest } from './settle-request.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { EligibilityDecided, EligibilityDecision } from './types.ts';

const REMINDER = 'sign-off reminder';
const EXPIRY = 'sign-off expiry';
const RESULTS = 'results without a window';

type Answer = Awaited<ReturnType<StudyActivities['signEligibility']>>;
type Signed = Extract<Answer, { signed: true }>;
type Decided = { decision: EligibilityDecision['decision']; superseded?: undefined } | { superseded: string };

/**
 * The investigator's signature under what was evaluated (domain, step 4), with its reminder and its expiry, which
 * count from when it was first asked for in this round. An invalidation begins another round.
 */
export class SignOff {
  readonly #enrollment: Enrollment;
  readonly #notices: Notices;
  round = 1;
  signed = false;
  #until: string | null = null;
  #resultsUntil: number | null = null;
  /** A decision is being recorded or stands: whoever made it was in time. */
  #deciding = false;
  #expired = false;

  constructor(enrollment: Enrollment, notices: Notices) {
    this.#enrollment = enrollment;
    this.#notices = notices;
  }

  /** Asks for the signature, once a round; a correction meanwhile changes neither reminder nor expiry. */
  ask(): void {
    const { deadlines, input, stage, awaiting } = this.#enrollment;
    const { eligibilitySignature } = input.protocol;
    if (!eligibilitySignature) return;
    if (stage !== 'eligibility') this.#enrollment.enter('eligibility');
    if (this.#until === null) {
      const now = Date.now();
      const expiry = now + eligibilitySignature.expiryMs;
      const until = new Date(Math.min(expiry, this.#enrollment.windowEnds ?? expiry)).toISOString();
      this.#until = until;
      deadlines.stop(RESULTS);
      this.#notices.begin('signature_requested', { until });
      deadlines.start(REMINDER, { until: now + eligibilitySignature.reminderMs, summary: 'Reminder of the eligibility signature' }, () =>
        this.#notices.begin('signature_reminder', { until }),
      );
      deadlines.start(EXPIRY, { until: expiry, summary: 'Expiry of the eligibility signature' }, () => {
        this.#expired = true;
        this.#expire();
      });
    }
    if (awaiting?.what !== 'eligibility') void this.#enrollment.setAwaiting({ what: 'eligibility', who: 'an investigator', until: this.#until });
  }

  /** Until when results are waited for, in milliseconds: without a screening window as long as for a signature. */
  boundResults(): number | null {
    const { deadlines, input, windowEnds } = this.#enrollment;
    const { eligibilitySignature } = input.protocol;
    if (windowEnds !== null || !eligibilitySignature || this.#until !== null || !patched('results-bounded')) return windowEnds;
    this.#resultsUntil ??= Date.now() + eligibilitySignature.expiryMs;
    deadlines.start(RESULTS, { until: this.#resultsUntil, summary: 'Expiry of the wait for results' }, () =>
      this.#enrollment.interrupt({ kind: 'expiry', reason: 'eligibility_signature' }),
    );
    return this.#resultsUntil;
  }

  stop(): void {
    this.#enrollment.deadlines.stop(REMINDER, EXPIRY, RESULTS);
    this.#resultsUntil = null;
    this.#until = null;
    this.#deciding = false;
    this.#expired = false;
  }

  #expire(): void {
    if (this.#expired && !this.#deciding) this.#enrollment.interrupt({ kind: 'expiry', reason: 'eligibility_signature' });
  }

  /** Has the decision recorded, unless it is refused; an expiry that comes meanwhile counts only then. */
  async decide(request: Extract<Request, { kind: 'decision' }>): Promise<Decided | undefined> {
    this.#deciding = true;
    const decided = await this.#record(request);
    if (decided === undefined) {
      this.#deciding = false;
      this.#expire();
    }
    return decided;
  }

  /** Puts the decision to Study, which checks signer, values and consent version in one transaction. */
  async #record(request: Extract<Request, { kind: 'decision' }>): Promise<Decided | undefined> {
    const { activities, identity, input, requests } = this.#enrollment;
    const { message } = request;
    const { decision, reason, meaning, sha256, actor } = message;
    if (decision === 'eligible' && !input.protocol.eligibilitySignature) {
      const refused = refusal('not_awaiting_decision', 'This protocol wants no signature; its criteria decide.');
      await requests.serve(request, () => Promise.reject(refused), () => Promise.resolve(undefined));
      return undefined;
    }
    const { version, language } = this.#enrollment.consent ?? { version: '', language: '' };
    const signer = { userId: actor.id, name: actor.name };
    const content = { identity, round: this.round, decision, reason, meaning, sha256, signer, consent: { version, language } };
    const call = { ctx: actingOnBehalfOf(message, reason ?? undefined), key: this.#enrollment.nextKey('signature') };
    let superseded: string | undefined;
    const told = ({ decisionId, signedAt, sha256: signed }: Signed) => ({ enrollmentId: input.enrollmentId, decision, decisionId, signedAt, sha256: signed });
    const work = async () => {
      const answer = await this.#enrollment.requested('signature', () =>
        activities.study.signEligibility.executeWithOptions({ summary: STEPS.signature.summary }, [
          { ...call, input: { ...content, revision: this.#enrollment.nextRevision() } },
        ]),
      );
      if (answer.signed) return told(answer);
      superseded = answer.version;
      throw refusal('consent_superseded', `Consent version ${answer.version} concerns this participant and has to be signed first.`);
    };
    const decided = await requests.serve<EligibilityDecided>(request, work, async () => {
      const answer = await settleRequest<Answer>(this.#enrollment, 'study', call.key);
      return answer?.signed ? told(answer) : undefined;
    });
    if (superseded !== undefined) return { superseded };
    if (decided && decision === 'eligible') this.signed = true;
    return decided && { decision };
  }

  /** One way: the decision in force stands as invalidated, with its reason. Another one is asked for from now on. */
  async invalidate(request: Extract<Request, { kind: 'invalidation' }>): Promise<void> {
    const { activities, identity, input, requests } = this.#enrollment;
    const { message } = request;
    const { reason, actor } = message;
    const call = { ctx: actingOnBehalfOf(message, reason), key: this.#enrollment.nextKey('invalidation') };
    const content = { identity, reason, by: { userId: actor.id, name: actor.name } };
    const told = ({ decisionId }: { decisionId: string }) => ({ enrollmentId: input.enrollmentId, decisionId });
    const work = async () =>
      told(
        await this.#enrollment.requested('invalidation', () =>
          activities.study.invalidateEligibility.executeWithOptions({ summary: 'Invalidate the eligibility decision' }, [
            { ...call, input: { ...content, revision: this.#enrollment.nextRevision() } },
          ]),
        ),
      );
    await requests.serve(request, work, async () => {
      const invalidated = await settleRequest<{ decisionId: string }>(this.#enrollment, 'study', call.key);
      return invalidated && told(invalidated);
    });
    this.signed = false;
    this.round += 1;
  }
}
