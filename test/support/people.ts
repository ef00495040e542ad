import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type DirectStudy, ELIGIBLE, resultsOf } from './scenario.ts';

const PAUSE_MS = 100;
const ATTEMPTS = 300;

/**
 * The people of a site: they enter good results, sign and, where the protocol randomises, ask for that, each under one
 * key. They repeat it as long as the answer is that it can't be known (503) or found (404) yet. Ends with the first
 * refusal: then somebody has ended the enrollment.
 */
export async function attend(study: DirectStudy, enrollmentId: string, { randomises = false }: { randomises?: boolean } = {}): Promise<void> {
  const keys = { results: randomUUID(), signature: randomUUID() };
  // Made once: under the same key only the same content is taken.
  const body = { results: resultsOf(ELIGIBLE) };
  if (!(await insist(() => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, body, keys.results)))) return;
  if (!(await insist(() => study.decide(enrollmentId, 'eligible', { key: keys.signature })))) return;
  if (randomises) await randomised(study, enrollmentId);
}

/** Asks for the randomisation as soon as it is awaited, and again under the next key when something else came first. */
async function randomised(study: DirectStudy, enrollmentId: string): Promise<void> {
  let key = randomUUID();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { status, code } = await study.randomise(enrollmentId, { key }).then((answer) => ({ status: answer.status, code: answer.body.code }), () => ({ status: 503, code: '' }));
    if (status < 300 || (status !== 503 && code !== 'not_awaiting_randomisation')) return;
    // A refusal is the answer for good under its key.
    if (status === 409) key = randomUUID();
    await delay(PAUSE_MS);
  }
}

async function insist(ask: () => Promise<Answer<unknown>>): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    // The system may be restarted meanwhile: nobody answers then.
    const status = await ask().then((answer) => answer.status, () => 503);
    if (status < 300) return true;
    if (status !== 503 && status !== 404) return false;
    await delay(PAUSE_MS);
  }
  return false;
}
