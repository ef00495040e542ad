import { ApplicationFailure, type CancellationScope, condition, log, setHandler } from '@temporalio/workflow';
import { refusal } from '../attention.ts';
import { attentionItems } from '../attention-messages.ts';
import {
  awaitConsentRecorded,
  enrollmentView,
  invalidateEligibility,
  recordConsent,
  recordScreening,
  requestRandomisation,
  resolveStep,
  signEligibility,
  withdraw,
  withdrawSignal,
} from './messages.ts';
import { askedBy } from './acting.ts';
import type { Request } from './requests.ts';
import type { Enrollment } from './state.ts';
import type {
  ActingUser,
  AwaitConsentRecorded,
  ConsentRecorded,
  EnrollmentView,
  MessageEnvelope,
  ReConsent,
  ReConsentRecorded,
  ResolveStep,
  Withdrawal,
} from './types.ts';

/** Who has declined may still sign as long as the investigator hasn't decided. */
const AWAITING_CONSENT = ['consent', 'decision'];

/** After so many messages only `withdraw` and `resolveStep` are taken: a history may not grow without bound. */
export const MESSAGE_LIMIT = 500;

/** Sets the handlers of a run. A cancellation from outside (Temporal's own) is taken as an operator's abort. */
export function handleMessages(enrollment: Enrollment, root: CancellationScope): void {
  const inbox = new Inbox();
  setHandler(enrollmentView, () => enrollment.view(), { description: 'Where the enrollment stands' });
  setHandler(attentionItems, () => enrollment.attention.items, { description: 'What needs attention' });
  setHandler(awaitConsentRecorded, (message) => answerStart(enrollment, inbox, message), {
    description: 'Sent along with the start: answers once the consent is recorded',
  });
  setHandler(resolveStep, async (message) => inbox.once(message, () => resolve(enrollment, message)), {
    description: 'An operator: retry, skip or abort what is stuck. Needs who and why',
  });
  setHandler(withdraw, async (message) => inbox.once(message, () => acceptWithdrawal(enrollment, message)), {
    description: 'Withdrawal by participant, investigator or sponsor; acknowledged at once',
  });
  setHandler(withdrawSignal, (message) => withdrawBySignal(enrollment, inbox, message), {
    description: 'The same withdrawal, when no worker answered',
  });
  setHandler(recordScreening, (message) => request(enrollment, inbox, { kind: 'results', message }), {
    description: 'Screening results, in parts and in any order; a correction has its reason',
  });
  setHandler(signEligibility, (message) => request(enrollment, inbox, { kind: 'decision', message }), {
    description: 'The signed eligibility decision',
  });
  setHandler(invalidateEligibility, (message) => request(enrollment, inbox, { kind: 'invalidation', message }), {
    description: 'Invalidates the eligibility decision in force, before the pivot; another one is awaited then',
  });
  setHandler(requestRandomisation, (message) => request(enrollment, inbox, { kind: 'randomisation', message }), {
    description: 'The site asks for the randomisation, with the strata and who confirmed them; it is never undone',
  });
  setHandler(recordConsent, (message) => reConsent(enrollment, inbox, message), {
    description: 'A renewed consent, while one is awaited',
  });
  root.cancelRequested.catch(() => {
    if (enrollment.pastPivot || enrollment.closing) return;
    const actor: ActingUser = { id: 'temporal', name: 'Cancelled in Temporal', role: 'ops' };
    enrollment.abort({ reason: 'cancelled in Temporal', actor, requestId: enrollment.input.requestId });
  });
}

/** Messages by key: the same again gets the same answer, another content under a known key is refused. */
class Inbox {
  readonly #answers = new Map<string, { contentHash: string; answer: unknown }>();
  #count = 0;

  /** Counts a message that is not `withdraw` or `resolveStep`. */
  count(): void {
    this.#count += 1;
    if (this.#count > MESSAGE_LIMIT) throw refusal('limit_reached', 'This enrollment has taken too many messages.');
  }

  once<T>(message: MessageEnvelope, handle: () => T): T {
    const known = this.#answers.get(message.key);
    if (known) {
      if (known.contentHash !== message.contentHash) throw refusal('key_reused', 'This key was used for other content; use a new key.');
      return known.answer as T;
    }
    const answer = handle();
    this.#answers.set(message.key, { contentHash: message.contentHash, answer });
    return answer;
  }
}

async function answerStart(enrollment: Enrollment, inbox: Inbox, message: AwaitConsentRecorded): Promise<ConsentRecorded> {
  inbox.count();
  const { input, outcome } = enrollment;
  const sameRequest = message.requestKey === input.requestKey;
  if (message.contentHash !== input.contentHash) {
    throw sameRequest
      ? refusal('key_reused', 'This idempotency key was used for other content; use a new key.')
      : refusal('other_content', 'This person has an open enrollment in this study with other content.');
  }
  if (!sameRequest && outcome !== null && outcome !== 'active') {
    throw refusal('closing', 'An earlier enrollment of this person is still being closed; try again later.');
  }
  await condition(() => enrollment.firstAnswer !== null);
  const answer = enrollment.firstAnswer;
  if (!answer || 'failed' in answer) {
    throw refusal(answer?.failed.code ?? 'internal', answer?.failed.why ?? 'No answer.');
  }
  // The same request again gets the answer of its first time, also when that answer was lost with the worker.
  return { ...answer.recorded, stage: enrollment.stage, outcome: enrollment.outcome, started: sameRequest };
}

function resolve(enrollment: Enrollment, message: ResolveStep): EnrollmentView {
  enrollment.refuseOther(message.enrollmentId);
  const { action, reason } = message;
  if (action === 'abort') {
    if (enrollment.pastPivot) throw refusal('too_late', 'The pivot has been passed: nothing is undone any more.');
    if (enrollment.closing) throw refusal('too_late', 'This enrollment is being closed already.');
    enrollment.abort({ ...askedBy(message), reason });
  } else {
    enrollment.attention.resolve({ action, reason });
  }
  return enrollment.view();
}

function acceptWithdrawal(enrollment: Enrollment, message: Withdrawal): EnrollmentView {
  enrollment.refuseOther(message.enrollmentId);
  const ended = enrollment.outcome ?? enrollment.recording;
  if (ended !== null && ended !== 'active') throw refusal('already_ended', `This enrollment has ended: ${ended}.`);
  // One stands, with its scope: another could not be applied beside it.
  if (enrollment.interruption?.kind === 'withdrawal') throw refusal('already_withdrawn', 'The participant has been withdrawn already.');
  enrollment.interrupt({ kind: 'withdrawal', withdrawal: message });
  return enrollment.view();
}

function withdrawBySignal(enrollment: Enrollment, inbox: Inbox, message: Withdrawal): void {
  try {
    inbox.once(message, () => acceptWithdrawal(enrollment, message));
  } catch (failure) {
    // A Signal has nobody to answer to, and a refusal must not fail the run.
    if (!(failure instanceof ApplicationFailure)) throw failure;
    log.warn('a withdrawal by signal was refused', { code: failure.type });
  }
}

/** Puts what somebody asks for on the desk and waits for the answer. */
async function request<T>(enrollment: Enrollment, inbox: Inbox, asked: Request): Promise<T> {
  const { message } = asked;
  const desk = asked.kind === 'randomisation' ? enrollment.randomisations : enrollment.requests;
  inbox.count();
  inbox.once(message, () => {
    enrollment.refuseOther(message.enrollmentId);
    desk.post(asked);
  });
  return desk.answered<T>(message.key);
}

async function reConsent(enrollment: Enrollment, inbox: Inbox, message: ReConsent): Promise<ReConsentRecorded> {
  inbox.count();
  inbox.once(message, () => {
    enrollment.refuseOther(message.enrollmentId);
    if (!AWAITING_CONSENT.includes(enrollment.awaiting?.what ?? '') || enrollment.reConsent) {
      throw refusal('not_awaiting_consent', 'This enrollment does not wait for a consent.');
    }
    enrollment.reConsent = message;
  });
  await condition(() => enrollment.reConsentAnswer.has(message.key));
  const answer = enrollment.reConsentAnswer.get(message.key);
  if (!answer || answer instanceof ApplicationFailure) throw answer ?? refusal('internal', 'No answer.');
  return answer;
}
