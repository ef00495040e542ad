import { ActivityFailure, ApplicationFailure, condition, TimeoutFailure } from '@temporalio/workflow';
import type { AttentionItem, ResolveAction } from './consent-to-enrollment/types.ts';

/** An operator's word on what is parked. */
export type Resolution = { action: ResolveAction; reason: string };

/** So many rounds follow each other at their own pace; each later one waits twice as long, up to 96 times: a day. */
const ROUNDS_AT_PACE = 16;
const SLOWEST = 96;

type Parked = { item: AttentionItem; resolution: Resolution | undefined };

/**
 * What needs an operator right now. Everything that waits here is shown by `changed` (search attributes, current
 * details, the record in Study), which is called on every change and which nothing waits for.
 */
export class AttentionBoard {
  readonly #parked: Parked[] = [];
  readonly #rounds = new Map<string, number>();
  readonly #failing = new Map<string, { firstFailedAt: string; attempts: number }>();
  readonly #changed: (event: 'parked' | 'resolved', item: AttentionItem) => void;
  readonly #attemptsOfARound: number;

  /** `attempts` are those that the retries of a step are bounded by. */
  constructor({ attempts }: { attempts: number }, changed: (event: 'parked' | 'resolved', item: AttentionItem) => void) {
    this.#attemptsOfARound = attempts;
    this.#changed = changed;
  }

  get items(): AttentionItem[] {
    return this.#parked.map((parked) => parked.item);
  }

  /** The step that `resolveStep` speaks to: the one that has waited longest. */
  get stuckStep(): string | null {
    return this.#parked[0]?.item.step ?? null;
  }

  /**
   * Parks a step until an operator resolves it, or until `timeoutMs` has passed or `over` holds (answers `retry` then).
   * A cancelled scope ends the wait with its CancelledFailure; the item is taken off the board in any case.
   */
  async park(
    step: string,
    failure: unknown,
    options: { actions: ResolveAction[]; timeoutMs?: number; over?: () => boolean },
  ): Promise<Resolution> {
    const { code, why } = describeFailure(failure);
    const since = new Date().toISOString();
    const waitMs = options.timeoutMs === undefined ? null : options.timeoutMs * this.#pace(step);
    const parked: Parked = {
      item: {
        step, since, code, why, actions: options.actions,
        ...this.#failedAgain(step, { failure, since }),
        nextRoundAt: waitMs === null ? null : new Date(Date.now() + waitMs).toISOString(),
      },
      resolution: undefined,
    };
    this.#parked.push(parked);
    this.#changed('parked', parked.item);
    try {
      const resolved = () => parked.resolution !== undefined || options.over?.() === true;
      if (waitMs === null) await condition(resolved);
      else await condition(resolved, waitMs, { summary: `Next round of: ${step}` });
      return parked.resolution ?? { action: 'retry', reason: 'the next round' };
    } finally {
      this.#parked.splice(this.#parked.indexOf(parked), 1);
      this.#changed('resolved', parked.item);
    }
  }

  /** The step has succeeded: should it ever fail again, that is another story. */
  recovered(step: string): void {
    this.#failing.delete(step);
  }

  #failedAgain(step: string, { failure, since }: { failure: unknown; since: string }): { firstFailedAt: string; attempts: number } {
    const before = this.#failing.get(step) ?? { firstFailedAt: since, attempts: 0 };
    const usedUp = failure instanceof ActivityFailure && failure.retryState === 'MAXIMUM_ATTEMPTS_REACHED';
    const failing = { ...before, attempts: before.attempts + (usedUp ? this.#attemptsOfARound : 1) };
    this.#failing.set(step, failing);
    return failing;
  }

  /** A history may not grow without bound: what stays broken for long is tried less and less often. */
  #pace(step: string): number {
    const round = this.#rounds.get(step) ?? 0;
    this.#rounds.set(step, round + 1);
    return Math.min(SLOWEST, 2 ** Math.max(0, round - ROUNDS_AT_PACE + 1));
  }

  /** Hands an operator's word to what is parked: `skip` to the oldest, `retry` to all. Throws when it doesn't fit. */
  resolve(resolution: Resolution): void {
    const oldest = this.#parked[0];
    if (!oldest) throw refusal('not_parked', 'Nothing waits for an operator here.');
    if (!oldest.item.actions.includes(resolution.action)) {
      throw refusal(`cannot_${resolution.action}`, `The step "${oldest.item.step}" allows: ${oldest.item.actions.join(', ')}.`);
    }
    const to = resolution.action === 'retry' ? this.#parked : [oldest];
    for (const parked of to) parked.resolution = resolution;
  }

  /** Ends every wait that an abort may end; a compensation or a settlement goes on in its rounds. Never refuses. */
  abort(reason: string): void {
    for (const parked of this.#parked) {
      if (parked.item.actions.includes('abort')) parked.resolution = { action: 'abort', reason };
    }
  }
}

/** A refusal of a message: fails the Update, never the workflow. The text is public. */
export function refusal(code: string, text: string): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message: text, nonRetryable: true });
}

/** Code and public text of what ended an activity's bounded retries. */
export function describeFailure(failure: unknown): { code: string; why: string } {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'internal', why: cause.message };
  if (cause instanceof TimeoutFailure) return { code: 'timed_out', why: 'The service did not answer in time.' };
  return { code: 'internal', why: 'An unexpected error; its cause is in the log of the worker.' };
}
