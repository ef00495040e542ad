import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { DomainError, inScope, isTypedError } from '../services/common/index.ts';

type AnyVerb = (call: never) => Promise<unknown>;

/** Told of an error that nobody foresaw: its message may hold personal data, so it goes to our log only. */
export type OnUnexpected = (activity: string, error: unknown) => void;

/**
 * Service verbs as Temporal activities of the same names: same input, same result, errors mapped. What a verb asks of
 * other services ends when Temporal stops waiting for the attempt.
 */
export function asActivities<V extends Record<string, AnyVerb>>(verbs: V, onUnexpected: OnUnexpected): V {
  const adapted = Object.entries(verbs).map(([name, verb]) => [
    name,
    async (call: never) => {
      try {
        return await inScope({ deadlineAt: attemptEndsAt() }, () => verb(call));
      } catch (error) {
        throw toFailure(error, (unexpected) => onUnexpected(name, unexpected));
      }
    },
  ]);
  return Object.fromEntries(adapted) as V;
}

/** By this process's clock: the attempt has just arrived here. */
function attemptEndsAt(): number {
  return Date.now() + Context.current().info.startToCloseTimeoutMs;
}

/**
 * A typed error becomes an ApplicationFailure with its code as type and its public text as message.
 * Failures are plaintext in Temporal's history: never the cause, a stack with values or a driver's message. Where the
 * service behind is left alone for now (`circuit_open`, `service_busy`), Temporal waits for as long, and up to a third
 * longer: all who wait for one circuit would come back in one moment, and open it again.
 */
export function toFailure(error: unknown, onUnexpected: (error: unknown) => void): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const typed = isTypedError(error);
  if (!typed) onUnexpected(error);
  const failure = ApplicationFailure.create({
    type: typed ? error.code : 'internal',
    message: typed ? error.publicText : 'An unexpected error; its cause is in the log of the worker.',
    nonRetryable: typed && !error.retryable,
    ...nextRetry(error),
  });
  // The stack's first line repeats the message of whatever error was current; ours has nothing to add to the code.
  delete failure.stack;
  return failure;
}

function nextRetry(error: unknown): { nextRetryDelay?: number } {
  const after = error instanceof DomainError ? error.details['retryAfterMs'] : undefined;
  return typeof after === 'number' ? { nextRetryDelay: after + Math.floor((Math.random() * after) / 3) } : {};
}
