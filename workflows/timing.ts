/**
 * How long the steps of a process may take and how often they are tried. Part of the start input, so that an
 * open enrollment keeps the profile it began with: configuration in production, milliseconds in tests.
 */
export type TimingProfile = {
  /** One attempt of an activity. */
  attemptMs: number;
  /** Wait before the second attempt; doubles up to `retryMaximumMs`. */
  retryInitialMs: number;
  retryMaximumMs: number;
  /** Attempts until a step parks, or a round of a compensation or of a step after the pivot ends. */
  attempts: number;
  /** Wait between two such rounds, unless an operator says `retry`. */
  roundMs: number;
};

/** About two minutes of attempts before a person is asked; a round every 15 minutes from then on. */
export const PRODUCTION_TIMING: TimingProfile = {
  attemptMs: 10_000,
  retryInitialMs: 500,
  retryMaximumMs: 30_000,
  attempts: 9,
  roundMs: 15 * 60_000,
};
