import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { AttentionBoard } from './attention.ts';
import { trial } from './observe.ts';

type Compensation = { name: string; run: () => Promise<unknown> };

/**
 * Compensations, last in first out. One is registered before its step runs, because a step whose answer is lost
 * may have taken effect; each is a no-op where nothing happened, and bars an attempt that commits later.
 */
export class Saga {
  readonly #compensations: Compensation[] = [];
  readonly #attention: AttentionBoard;
  readonly #roundMs: number;

  constructor(attention: AttentionBoard, roundMs: number) {
    this.#attention = attention;
    this.#roundMs = roundMs;
  }

  register(name: string, run: () => Promise<unknown>): void {
    this.#compensations.push({ name, run });
  }

  /** Nothing is undone from here on: the pivot has been passed. */
  forget(): void {
    this.#compensations.length = 0;
  }

  /** What is registered, in the order in which it would be undone. */
  get wouldUndo(): string[] {
    return [...new Set(this.#compensations.map(({ name }) => name).toReversed())];
  }

  /** Where the saga stands, for `undoTo`. */
  get mark(): number {
    return this.#compensations.length;
  }

  /** Undoes every registered step, each retried until it holds; not cancellable. */
  undoAll(): Promise<void> {
    return this.undoTo(0);
  }

  /** Undoes what was registered since the mark, in the same way. */
  async undoTo(mark: number): Promise<void> {
    while (this.#compensations.length > mark) {
      const undo = this.#compensations.pop();
      if (undo) await this.untilItHolds(`UNDO: ${undo.name}`, undo.run, (result) => trial.compensated(undo.name, result));
    }
  }

  /**
   * Runs what must hold in the end (a compensation, a step after the pivot) in rounds of bounded retries. An
   * exhausted round asks for attention; the next starts on `retry` or after the time between rounds. `told` hears what
   * came of each.
   */
  async untilItHolds<T>(step: string, run: () => Promise<T>, told?: (result: 'done' | 'failed') => void): Promise<T> {
    return CancellationScope.nonCancellable(async () => {
      for (;;) {
        try {
          const result = await run();
          this.#attention.recovered(step);
          told?.('done');
          return result;
        } catch (failure) {
          // Only a shutdown of the sandbox cancels in here; it must not be mistaken for a failed round.
          if (isCancellation(failure)) throw failure;
          told?.('failed');
          await this.#attention.park(step, failure, { actions: ['retry'], timeoutMs: this.#roundMs });
        }
      }
    });
  }
}
