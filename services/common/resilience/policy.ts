import { bulkhead } from 'cockatiel';
import { currentScope } from './call-scope.ts';
import { type Circuit, circuitTo } from './circuit.ts';
import { type CalleeOptions, DEFAULT_CALLEE } from './options.ts';
import { policyEvents, type PolicyListener } from './policy-events.ts';
import { timedOut, tooManyCalls } from './refusals.ts';
import { retryBudget } from './retry-budget.ts';
import { firstAnswer } from './tries.ts';

export type CalleePolicy = {
  readonly callee: string;
  /**
   * What `attempt` comes to, within `deadlineMs` and never later than the deadline of the current scope; it gets the
   * milliseconds that it may take and is made again only when `retryable`, and only after a transient failure.
   * Throws what the attempt throws, or `service_timeout`, `circuit_open` or `service_busy` (all `unavailable`; the
   * last two with `details.retryAfterMs`). An attempt that is overdue is not stopped: it may still take effect.
   */
  run<T>(call: { retryable: boolean }, attempt: (timeoutMs: number) => Promise<T>): Promise<T>;
  readonly circuit: Circuit['state'];
  /** `listener` hears of every event from now on, for as long as the policy lives. */
  onEvent(listener: PolicyListener): void;
};

/**
 * The way to one callee: deadline, retries with a budget, circuit breaker, and a bound on calls at once. Its state is
 * its own, so make one per callee and process: then nothing that one callee does holds up calls to another.
 */
export function calleePolicy(callee: string, options: Partial<CalleeOptions> = {}): CalleePolicy {
  const settings = { ...DEFAULT_CALLEE, ...options };
  const { onEvent, emit } = policyEvents();
  const circuit = circuitTo(callee, { ...settings.breaker, longestAttemptMs: settings.deadlineMs }, emit);
  const way = { callee, options: settings, circuit, budget: retryBudget(settings.retryBudget), emit };
  const places = bulkhead(settings.concurrency, 0);

  return {
    callee,
    onEvent,
    get circuit() {
      return circuit.state;
    },
    async run({ retryable }, attempt) {
      const now = Date.now();
      const deadlineAt = Math.floor(Math.min(now + settings.deadlineMs, currentScope()?.deadlineAt ?? Infinity));
      if (deadlineAt <= now) throw timedOut(callee);
      if (places.executionSlots === 0) {
        emit('rejected_full');
        throw tooManyCalls(callee);
      }
      return places.execute(async () => firstAnswer(way, { retryable, deadlineAt }, attempt));
    },
  };
}
