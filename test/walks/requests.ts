import { setTimeout as delay } from 'node:timers/promises';
import { type Answer as Http, type Caller, resultsOf, signedConsent } from '../support/scenario.ts';
import type { Answer, Message, Sent } from './answers.ts';
import type { Group } from './group.ts';
import type { Workers } from './workers.ts';

const PAUSE_MS = 100;
const WITHIN_MS = 40_000;
/** What may be answered when nobody can know, or while the engine and its workers are away. */
const UNAVAILABLE = ['outcome_unknown', 'workflow_engine_unavailable', 'enrollment_overtaken'];
const GOOD = { AGE: 44, EGFR: 88 };
const BAD = { AGE: 12, EGFR: 12 };
export const STRATA = { right: { sex: 'female' }, wrong: { sex: 'unknown' } };

/** A request of a walk: the same content under the same key, however often it is sent. */
export type Request = { sent: Sent; who: Pick<Caller, 'post'>; path: string; body: Record<string, unknown>; key: string };

export type Reply = Http;

/** The code of a reply, or what else tells it from others; empty without one. */
export function codeOf({ body }: Reply): string {
  const code = body['code'] ?? body['verdict'] ?? body['validity'];
  return typeof code === 'string' ? code : '';
}

/**
 * Repeats a request under its key until there is an answer; bounded. An answer is none while the system restarts, and
 * 503 says to come again; anything else of 5xx, or a 503 without Retry-After, is a finding.
 */
export async function insist(workers: Workers, send: () => Promise<Reply>, { stored = false, answered, withinMs = WITHIN_MS }: { stored?: boolean; answered?: (status: number) => void; withinMs?: number } = {}): Promise<Reply> {
  const isOver = workers.patience(withinMs);
  for (;;) {
    const began = Date.now();
    const reply = await send().catch((error: unknown) => {
      if (!workers.awaySince(began)) throw error;
      return null;
    });
    if (reply) {
      answered?.(reply.status);
      if (reply.status >= 500) refuseOther5xx(reply);
      else if (reply.status !== 202 || !stored) return reply;
    }
    if (isOver()) throw new Error(`no answer within ${withinMs} ms, the last was ${reply?.status ?? 'none'}`);
    await delay(PAUSE_MS);
  }
}

function refuseOther5xx({ status, headers, body }: Reply): void {
  const code = String(body['code']);
  if (status === 503 && UNAVAILABLE.includes(code) && Number(headers.get('retry-after')) > 0) return;
  throw new Error(`an answer that is never legal: ${status} ${code}, Retry-After ${headers.get('retry-after')}`);
}

/** As the model takes it. */
export function asAnswer({ message }: Sent, { status, body }: Reply): Answer {
  const code = status >= 400 ? String(body['code']) : undefined;
  // 202 says that a withdrawal is stored; whoever asks again is told that it was applied.
  return { status, code, says: message.kind === 'enrol' ? {} : body };
}

const BEGAN = Date.now();
let moments = 0;
/** No two results are of the same millisecond: then the second would say nothing new. */
function anotherMoment(): string {
  moments += 1;
  return new Date(BEGAN - 1000 - moments).toISOString();
}

export type Person = { enrollmentId: string; patientId: string; enrolment: { body: Record<string, unknown>; key: string }; reads: boolean };

export function requestOf(group: Group, person: Person, { sent, key, sha256 }: { sent: Sent; key: string; sha256: string | null }): Request {
  const { study, people } = group;
  const { message, version = 0, complete } = sent;
  const path = (rest: string) => `/enrollments/${person.enrollmentId}/${rest}`;
  const made = (who: Request['who'], where: string, body: Record<string, unknown>): Request => ({ sent, who, path: where, body, key });
  switch (message.kind) {
    case 'results': {
      const values = Object.fromEntries(message.values.map(({ item, good }) => [item, (good ? GOOD : BAD)[item]]));
      return made(study.clinician, path('screening-results'), { results: resultsOf(values, { performedAt: anotherMoment(), standardOfCare: true, ...(message.reason ? { reason: 'typed wrong' } : {}) }) });
    }
    case 'decision': {
      const signature = { meaning: 'I have reviewed the criteria', ...(message.sha256 === 'none' || sha256 === null ? {} : { sha256 }) };
      const who = message.by === 'doctor' ? study.doctor : people[message.by];
      return made(who, path('eligibility-decision'), { decision: message.decision, signature });
    }
    case 'invalidation':
      return made(study.doctor, path('eligibility-decision/invalidation'), { reason: 'a sample was mixed up' });
    case 'randomisation':
      return made(study.clinician, path('randomisation'), { strata: STRATA[message.strata], confirmedBy: 'doctor-1' });
    case 'code-break':
      return made(people.emergency, path('code-break'), { reason: 'life-threatening bleeding' });
    case 'unblinding':
      return made(people.sponsor, `/studies/${study.studyId}/unblindings`, { scope: 'subject', enrollmentId: person.enrollmentId, reason: 'safety board' });
    case 'reconsent':
      if (message.how === 'declined') return made(study.clinician, path('consents'), { declined: { reason: 'wants to think' } });
      return made(study.clinician, path('consents'), { consent: consentOf(group, { version, witness: complete === true && !person.reads, delegated: message.how !== 'undelegated' }) });
    case 'withdrawal':
      return made(study.clinician, path('withdrawal'), { scope: message.scope, decidedBy: 'participant', reason: 'no longer wishes to' });
    case 'resolve':
      return made(study.ops, path('resolve'), { action: message.action, reason: 'a walk' });
    case 'enrol': {
      const { enrolment } = person;
      const body = message.content === 'same' ? enrolment.body : otherContent(enrolment.body);
      return made(study.clinician, '/enrollments', body);
    }
    case 'stranger':
      return made(people.stranger, path('withdrawal'), { scope: 'samples', decidedBy: 'participant' });
  }
}

type Paper = { version: number; witness: boolean; delegated?: boolean; signedAt?: Date };

export function consentOf(group: Group, { version, witness, delegated = true, signedAt = new Date() }: Paper): Record<string, unknown> {
  const consent = signedConsent(signedAt);
  const signers = (consent['signers'] as Record<string, unknown>[]).map((one) => (one['role'] === 'discusser' && !delegated ? { ...one, userId: 'nobody-9' } : one));
  const impartial = { role: 'witness', name: 'Impartial Witness', signedAt: signedAt.toISOString(), mark: 'signature' };
  return { ...consent, version: group.versionName(version), signers: [...signers, ...(witness ? [impartial] : [])] };
}

/** Something else under the same key. */
export function otherContent(body: Record<string, unknown>): Record<string, unknown> {
  if ('results' in body) return { results: (body['results'] as Record<string, unknown>[]).map((one) => ({ ...one, reason: 'another one' })) };
  if ('strata' in body) return { ...body, confirmedBy: 'somebody else' };
  if ('signature' in body) return { ...body, signature: { ...(body['signature'] as object), meaning: 'Something else' } };
  if ('declined' in body) return { declined: { reason: 'something else' } };
  if ('consent' in body) return { ...body, consent: { ...(body['consent'] as object), decisions: { participation: true, futureResearch: true } } };
  return { ...body, reason: 'another one' };
}

/** What the run waits for, said as it should be. */
export function usefulMessage(awaiting: string | null, { stuckStep, signs }: { stuckStep: string | null; signs: boolean }): Message | null {
  if (stuckStep) return { kind: 'resolve', action: 'retry' };
  switch (awaiting) {
    case 'screening_results':
      return { kind: 'results', values: [{ item: 'AGE', good: true }, { item: 'EGFR', good: true }], reason: true };
    case 'eligibility':
      return signs ? { kind: 'decision', decision: 'eligible', by: 'doctor', sha256: 'none' } : null;
    case 'randomisation':
      return { kind: 'randomisation', strata: 'right' };
    case 'consent':
    case 'decision':
      return { kind: 'reconsent', how: 'current' };
    default:
      return null;
  }
}
