import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer } from '../support/scenario.ts';

const ATTEMPTS = 40;

/**
 * Sends a request the way a careful client does: a 503 is repeated after its Retry-After, with `lostAnswers` a broken
 * connection is, too. The caller sends the same key each time. Bounded; the last answer counts.
 */
export async function insist<T>(send: () => Promise<Answer<T>>, options: { lostAnswers?: boolean } = {}): Promise<Answer<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send().catch((error: unknown) => {
      // What fetch throws when there is no answer: refused, reset, or too late.
      if (!options.lostAnswers || attempt === ATTEMPTS) throw error;
      return null;
    });
    if (answer && (answer.status !== 503 || attempt === ATTEMPTS)) return answer;
    if (answer) expectRetryAfter(answer);
    await delay(1000 * Number(answer?.headers.get('retry-after') ?? 0.5));
  }
}

/** A refusal for now: a problem that says when to come again. */
export function expectRetryAfter(answer: Answer<unknown>): void {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}
