import { BrokenCircuitError, circuitBreaker, CircuitState, handleWhenResult } from 'cockatiel';
import type { BreakerOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import type { Emit } from './policy-events.ts';
import { circuitOpen } from './refusals.ts';
import { windowBreaker } from './window-breaker.ts';

export type Circuit = {
  /** `open` stays until a probe goes, also when its time has come. */
  readonly state: 'closed' | 'open' | 'half-open';
  /**
   * The outcome of an attempt, which counts: as a failure when the callee did not answer, or in a way nobody foresaw.
   * Throws `circuit_open` at once, without an attempt, while it is open or another call is the probe.
   */
  pass<T>(attempt: () => Promise<Outcome<T>>): Promise<Outcome<T>>;
};

const NAMES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
} as const;

/** The circuit to one callee. `longestAttemptMs` bounds how long a probe leaves it half-open. */
export function circuitTo(callee: string, options: BreakerOptions & { longestAttemptMs: number }, emit: Emit): Circuit {
  const failed = (result: unknown) => {
    const outcome = result as Outcome<unknown>;
    return outcome.kind === 'error' && !outcome.answered;
  };
  const policy = circuitBreaker(handleWhenResult(failed), { halfOpenAfter: options.openMs, breaker: windowBreaker(options) });
  let askAgainAt = 0;
  policy.onBreak(() => {
    askAgainAt = Date.now() + options.openMs;
    emit('opened');
  });
  policy.onHalfOpen(() => {
    askAgainAt = Date.now() + options.longestAttemptMs;
    emit('half_open');
  });
  policy.onReset(() => emit('closed'));

  const refusal = () => {
    emit('rejected_open');
    return circuitOpen(callee, Math.max(1, askAgainAt - Date.now()));
  };

  return {
    get state() {
      return NAMES[policy.state];
    },
    async pass(attempt) {
      // cockatiel would let a call beside the probe wait for the probe's outcome, however long that takes.
      if (policy.state === CircuitState.HalfOpen) throw refusal();
      try {
        return await policy.execute(attempt);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? refusal() : error;
      }
    },
  };
}
