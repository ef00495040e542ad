import { afterEach, beforeEach, vi } from 'vitest';
import { DomainError } from '../../services/common/errors.ts';
import { type CalleePolicy, UnansweredError } from '../../services/common/resilience/index.ts';

/** Fake timers from a whole second on, and pauses between tries of a chosen length: 0 is none, 1 the longest. */
export function withFakeTime(): { pauses: (share: number) => void } {
  let share = 0;
  beforeEach(() => {
    share = 0;
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 8) });
    vi.spyOn(Math, 'random').mockImplementation(() => share);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  return {
    pauses: (chosen) => {
      share = chosen;
    },
  };
}

export const unavailable = () => new UnansweredError('service_unavailable', "The edc service can't be reached.");
export const conflict = () => new DomainError('conflict', 'slot_taken', 'The slot is taken.');

export const answers = async () => 'answer';
export const fails = async (): Promise<string> => {
  throw unavailable();
};
export const refuses = async (): Promise<string> => {
  throw conflict();
};
export const neverEnds = () => new Promise<string>(() => {});

/** An attempt that takes `ms`, whatever it was given. */
export const takes = (ms: number, then: () => Promise<string> = answers) => async (): Promise<string> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
  return then();
};

export type Seen = { value?: string; code?: string; details?: unknown; afterMs?: number };

/** What a call has come to so far, and how long that took; empty while it is under way. */
export function watch(call: Promise<string>): Seen {
  const began = Date.now();
  const seen: Seen = {};
  const ended = (outcome: Seen) => Object.assign(seen, outcome, { afterMs: Date.now() - began });
  call.then(
    (value) => ended({ value }),
    (error: unknown) => {
      if (!(error instanceof DomainError)) return ended({ code: 'not a DomainError' });
      const { code, details } = error;
      return ended(Object.keys(details).length > 0 ? { code, details } : { code });
    },
  );
  return seen;
}

/** Calls one after the other, each with a single try; how often each outcome came. */
export async function calls(policy: CalleePolicy, times: number, attempt: (timeoutMs: number) => Promise<string>): Promise<Record<string, number>> {
  const tally: Record<string, number> = {};
  for (let call = 0; call < times; call += 1) {
    const seen = watch(policy.run({ retryable: false }, attempt));
    await vi.advanceTimersByTimeAsync(0);
    const outcome = seen.value ?? seen.code ?? 'under way';
    tally[outcome] = (tally[outcome] ?? 0) + 1;
  }
  return tally;
}

/** An attempt that keeps when it was begun (milliseconds since now) and the time that it was given. */
export function recorded(attempt: (timeoutMs: number, number: number) => Promise<string>) {
  const began = Date.now();
  const tries: { atMs: number; timeoutMs: number }[] = [];
  const record = (timeoutMs: number): Promise<string> => {
    tries.push({ atMs: Date.now() - began, timeoutMs });
    return attempt(timeoutMs, tries.length);
  };
  return { tries, attempt: record };
}
