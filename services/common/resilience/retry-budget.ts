import type { RetryBudgetOptions } from './options.ts';
import type { Outcome } from './outcome.ts';

export type RetryBudget = {
  /** Whether a retry may be made now. */
  readonly allows: boolean;
  /** Every attempt counts, also of calls that are never retried. */
  count(outcome: Outcome<unknown>): void;
};

/**
 * Ends the retries while a callee fails much, so that they don't multiply its load: `maxTokens` to begin with, a
 * transient failure takes one, a success gives `tokenRatio`, and a retry needs more than half of them. What the callee refuses
 * changes nothing. It is the retry throttling of gRPC (gRFC A6, "Throttling Retry Attempts and Hedged RPCs",
 * https://github.com/grpc/proposal/blob/master/A6-client-retries.md).
 */
export function retryBudget({ maxTokens, tokenRatio }: RetryBudgetOptions): RetryBudget {
  // In thousandths, as in gRPC: sums of 0.1 are not exact.
  const [full, gain] = [Math.round(maxTokens * 1000), Math.round(tokenRatio * 1000)];
  let tokens = full;
  return {
    get allows() {
      return tokens > full / 2;
    },
    count(outcome) {
      if (outcome.kind === 'value') tokens = Math.min(full, tokens + gain);
      else if (outcome.transient) tokens = Math.max(0, tokens - 1000);
    },
  };
}
