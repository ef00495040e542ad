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
  readonly #timers = new Map<string, { scope: CancellationScope; deadline: Deadline }>();
  readonly #changed: () => void;

  /** `changed` is called when one begins or ends. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Those that run, the next one first. */
  get running(): Deadline[] {
    return [...this.#timers.values()].map(({ deadline }) => deadline).toSorted((one, other) => one.until - other.until);
  }

  /** Starts the deadline; one of the same name that is running already stays as it is. */
  start(name: string, deadline: Deadline, passed: () => void): void {
    if (this.#timers.has(name)) return;
    void CancellationScope.nonCancellable(async () => {
      const scope = new CancellationScope();
      const { until, summary } = deadline;
      this.#timers.set(name, { scope, deadline });
      this.#changed();
      try {
        await scope.run(() => sleep(Math.max(1, until - Date.now()), { summary }));
      } catch (failure) {
        if (isCancellation(failure)) return;
        throw failure;
      }
      this.#timers.delete(name);
      this.#changed();
      passed();
    });
  }

  stop(...names: string[]): void {
    for (const name of names) {
      this.#timers.get(name)?.scope.cancel();
      this.#timers.delete(name);
    }
    this.#changed();
  }

  stopAll(): void {
    this.stop(...this.#timers.keys());
  }
}
