import { DomainError } from '../errors.ts';
import { UnansweredError } from './refusals.ts';

/**
 * What an attempt came to: a `value`, or an error. `transient`: the same attempt may succeed in a moment. `answered`:
 * the callee itself said so, which shows that it is there.
 */
export type Outcome<T> =
  | { kind: 'value'; value: T }
  | { kind: 'error'; error: unknown; transient: boolean; answered: boolean };

/** Never rejects: what `attempt` throws is part of the outcome. */
export async function outcomeOf<T>(attempt: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'value', value: await attempt() };
  } catch (error) {
    // An error of the domain comes from the verb, also "my database is away" or "the service behind me is".
    const answered = error instanceof DomainError && !(error instanceof UnansweredError);
    return { kind: 'error', error, transient: isTransient(error), answered };
  }
}

// A callee that passes on `circuit_open` will do so for longer than a retry could wait.
function isTransient(error: unknown): boolean {
  return error instanceof DomainError && error.errorClass === 'unavailable' && error.retryable && error.code !== 'circuit_open';
}
