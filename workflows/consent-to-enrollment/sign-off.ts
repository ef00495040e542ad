import { refusal } from '../attention.ts';
import { actingOnBehalfOf } from './acting.ts';
import type { Notices } from './notices.ts';
import type { Request } from './requests.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { EligibilityDecided, EligibilityDecision } from './types.ts';

const REMINDER = 'sign-off reminder';
const EXPIRY = 'sign-off expiry';

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
      const until = new Date(expiry).toISOString();
      this.#until = until;
      this.#notices.begin('signature_requested', { until });
      deadlines.start(REMINDER, { until: now + eligibilitySignature.reminderMs, summary: 'Reminder of the eligibility signature' }, () =>
        this.#notices.begin('signature_reminder', { until }),
      );
      deadlines.start(EXPIRY, { until: expiry, summary: 'Expiry of the eligibility signature' }, () =>
        this.#enrollment.interrupt({ kind: 'expiry', reason: 'eligibility_signature' }),
      );
    }
    if (awaiting?.what !== 'eligibility') void this.#enrollment.setAwaiting({ what: 'eligibility', who: 'an investigator', until: this.#until });
  }

  stop(): void {
    this.#enrollment.deadlines.stop(REMINDER, EXPIRY);
    this.#until = null;
  }

  /** Puts the decision to Study, which checks signer, values and consent version in one transaction. */
  async decide(request: Extract<Request, { kind: 'decision' }>): Promise<Decided | undefined> {
    const { activities, identity, input, requests } = this.#enrollment;
    const { message } = request;
    const { decision, reason, meaning, sha256, actor } = message;
    if (decision === 'eligible' && !input.protocol.eligibilitySignature) {
      await requests.serve(request, () => Promise.reject(refusal('not_awaiting_decision', 'This protocol wants no signature; its criteria decide.')));
      return undefined;
    }
    const { version, language } = this.#enrollment.consent ?? { version: '', language: '' };
    const signer = { userId: actor.id, name: actor.name };
    const content = { identity, round: this.round, decision, reason, meaning, sha256, signer, consent: { version, language } };
    const call = { ctx: actingOnBehalfOf(message, reason ?? undefined), key: this.#enrollment.nextKey('signature') };
    let superseded: string | undefined;
    const decided = await requests.serve<EligibilityDecided>(request, async () => {
      const answer = await this.#enrollment.requested('signature', () =>
        activities.study.signEligibility.executeWithOptions({ summary: STEPS.signature.summary }, [
          { ...call, input: { ...content, revision: this.#enrollment.nextRevision() } },
        ]),
      );
      if (!answer.signed) {
        superseded = answer.version;
        throw refusal('consent_superseded', `Consent version ${answer.version} concerns this participant and has to be signed first.`);
      }
      const { decisionId, signedAt } = answer;
      return { enrollmentId: input.enrollmentId, decision, decisionId, signedAt, sha256: answer.sha256 };
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
    await requests.serve(request, async () => {
      const { decisionId } = await this.#enrollment.requested('invalidation', () =>
        activities.study.invalidateEligibility.executeWithOptions({ summary: 'Invalidate the eligibility decision' }, [
          { ...call, input: { ...content, revision: this.#enrollment.nextRevision() } },
        ]),
      );
      return { enrollmentId: input.enrollmentId, decisionId };
    });
    this.signed = false;
    this.round += 1;
  }
}
