import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { AskedBy, Withdrawal } from './types.ts';

/** What ends the way to the pivot from outside: a withdrawal, an operator's abort, a deadline. */
export type Interruption =
  | { kind: 'withdrawal'; withdrawal: Withdrawal }
  | ({ kind: 'abort'; reason: string } & AskedBy)
  | { kind: 'expiry'; reason: string };

/** Takes interruptions and ends at once what may be ended. */
export class Interruptions {
  current: Interruption | null = null;
  #scope: CancellationScope | null = null;

  /** A participant's word outranks everything, an operator's a deadline; what outranks it not changes nothing. */
  take(interruption: Interruption): boolean {
    const rank = (one: Interruption | null) => (one ? ['expiry', 'abort', 'withdrawal'].indexOf(one.kind) : -1);
    if (rank(interruption) <= rank(this.current)) return false;
    this.current = interruption;
    this.#scope?.cancel();
    return true;
  }

  /** Once the pivot has been passed only a withdrawal still counts. */
  dropWhatIsTooLate(): boolean {
    if (this.current === null || this.current.kind === 'withdrawal') return false;
    this.current = null;
    return true;
  }

  /** Runs `work` so that an interruption ends it at once; answers `interrupted` then. */
  async interruptibly<T>(work: () => Promise<T>): Promise<T | 'interrupted'> {
    if (this.current) return 'interrupted';
    const scope = new CancellationScope({ cancellable: true });
    this.#scope = scope;
    try {
      return await scope.run(work);
    } catch (failure) {
      if (isCancellation(failure) && this.current) return 'interrupted';
      throw failure;
    } finally {
      this.#scope = null;
    }
  }
}
