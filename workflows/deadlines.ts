import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

type Deadline = {
  /** Milliseconds since the epoch; one that has passed already ends at once. */
  until: number;
  summary: string;
};

/**
 * Named deadlines of a run. They go on whatever the run does meanwhile, also while a step is parked or cancelled,
 * until they are stopped; each calls back once.
 */
export class Deadlines {
  readonly #timers = new Map<string, CancellationScope>();

  /** Starts the deadline; one of the same name that is running already stays as it is. */
  start(name: string, { until, summary }: Deadline, passed: () => void): void {
    if (this.#timers.has(name)) return;
    void CancellationScope.nonCancellable(async () => {
      const timer = new CancellationScope();
      this.#timers.set(name, timer);
      try {
        await timer.run(() => sleep(Math.max(1, until - Date.now()), { summary }));
      } catch (failure) {
        if (isCancellation(failure)) return;
        throw failure;
      }
      this.#timers.delete(name);
      passed();
    });
  }

  stop(...names: string[]): void {
    for (const name of names) {
      this.#timers.get(name)?.cancel();
      this.#timers.delete(name);
    }
  }

  stopAll(): void {
    this.stop(...this.#timers.keys());
  }
}
