import { DomainError } from '../errors.ts';

/** The callee did not come to answer: it can't be reached, is too busy, or takes too long. */
export class UnansweredError extends DomainError {
  constructor(code: 'service_timeout' | 'service_unavailable' | 'service_busy', publicText: string, cause?: unknown) {
    super('unavailable', code, publicText, cause === undefined ? {} : { cause });
  }
}

/** The callee did not answer within the time that there was, or there was none left to ask it. */
export function timedOut(callee: string, cause?: unknown): UnansweredError {
  return new UnansweredError('service_timeout', `The ${callee} service did not answer in time.`, cause);
}

/** The callee is not asked at present; asking again makes sense after `retryAfterMs` milliseconds. */
export function circuitOpen(callee: string, retryAfterMs: number): DomainError {
  const details = { retryAfterMs };
  return new DomainError('unavailable', 'circuit_open', `The ${callee} service does not answer at the moment.`, { details });
}

/** As many calls as the callee is to have at once are under way. */
export function tooManyCalls(callee: string): DomainError {
  const details = { retryAfterMs: 1000 };
  return new DomainError('unavailable', 'service_busy', `Too many calls to the ${callee} service at the moment.`, { details });
}
