/** When the circuit to a callee opens, and for how long. */
export type BreakerOptions = {
  /** How far back attempts count, in milliseconds; exact to a sixtieth of it. */
  windowMs: number;
  /** With fewer attempts in the window it stays closed. */
  minimumCalls: number;
  /** The share of failed attempts, above 0 and up to 1, from which on it opens. */
  failureRatio: number;
  /** From opening to the probe, in milliseconds. */
  openMs: number;
};

/** How many retries a callee's failures leave room for (gRFC A6); exact to a thousandth of a token. */
export type RetryBudgetOptions = { maxTokens: number; tokenRatio: number };

export type CalleeOptions = {
  /** The whole call with its retries and pauses, in milliseconds. */
  deadlineMs: number;
  /** The first try of a call that may be retried, in milliseconds. */
  firstTryMs: number;
  /** Tries after the first. */
  retries: number;
  /** Calls at once; there is no queue. */
  concurrency: number;
  breaker: BreakerOptions;
  retryBudget: RetryBudgetOptions;
};

export const DEFAULT_CALLEE: CalleeOptions = {
  deadlineMs: 200,
  firstTryMs: 120,
  retries: 2,
  concurrency: 64,
  breaker: { windowMs: 60_000, minimumCalls: 20, failureRatio: 0.5, openMs: 30_000 },
  retryBudget: { maxTokens: 10, tokenRatio: 0.1 },
};
