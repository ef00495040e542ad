import { within } from '../within.ts';
import type { Circuit } from './circuit.ts';
import type { CalleeOptions } from './options.ts';
import { outcomeOf } from './outcome.ts';
import type { Emit } from './policy-events.ts';
import { timedOut } from './refusals.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What the tries of all calls to one callee have in common. */
export type Way = {
  callee: string;
  options: Pick<CalleeOptions, 'firstTryMs' | 'retries'>;
  circuit: Circuit;
  budget: RetryBudget;
  emit: Emit;
};

/** A retry with less time than this, in milliseconds, would only be load for the callee. */
const SHORTEST_RETRY_MS = 5;

/**
 * The first answer of `attempt`, or the last failure: `service_timeout` when a try took longer than it may. Settled by
 * `deadlineAt`, whatever the attempts do. Not `retryable`: one try, with all the time. Retryable: a first try of at
 * most `firstTryMs` and, while failures are transient, the circuit is closed, the budget allows it and time is left,
 * up to `retries` more. Throws `circuit_open` when not even the first may go.
 */
export async function firstAnswer<T>(
  { callee, options: { firstTryMs, retries }, circuit, budget, emit }: Way,
  call: { retryable: boolean; deadlineAt: number },
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const leftMs = () => Math.max(1, call.deadlineAt - Date.now());
  const mayRetryIn = (ms: number) => circuit.state === 'closed' && leftMs() - ms >= SHORTEST_RETRY_MS;
  const allowedRetries = call.retryable ? retries : 0;
  for (let retry = 0; ; retry += 1) {
    const timeoutMs = retry === 0 && allowedRetries > 0 ? Math.min(firstTryMs, leftMs()) : leftMs();
    const timely = async () => within(timeoutMs, attempt(timeoutMs), () => timedOut(callee));
    const outcome = await circuit.pass(() => outcomeOf(timely));
    budget.count(outcome);
    if (outcome.kind === 'value') return outcome.value;
    if (!outcome.transient) throw outcome.error;

    const pauseMs = pauseBefore(retry + 1);
    if (retry >= allowedRetries || !mayRetryIn(pauseMs)) throw outcome.error;
    if (!budget.allows) {
      emit('retry_refused');
      throw outcome.error;
    }
    await pause(pauseMs);
    // Meanwhile others may have opened the circuit, and a busy process wakes up late.
    if (!mayRetryIn(0)) throw outcome.error;
    emit('retry');
  }
}

/**
 * Full jitter: anything up to a bound of 5, 10, then 20 ms, so that callers who failed together don't come back
 * together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
function pauseBefore(retry: number): number {
  return Math.round(Math.random() * Math.min(20, 5 * 2 ** (retry - 1)));
}

async function pause(ms: number): Promise<void> {
  if (ms === 0) return;
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
