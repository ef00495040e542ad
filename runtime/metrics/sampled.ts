import { Counter, Gauge, type Registry } from 'prom-client';
import { within } from '../../services/common/index.ts';

/** Whoever looks more often is shown what was read last. */
const FRESH_FOR_MS = 15_000;
/** A look at the metrics waits for a value no longer than this. */
const READ_WITHIN_MS = 2000;

type Labels = Record<string, string>;
export type Shown<T> = {
  name: string;
  help: string;
  labelNames?: readonly string[];
  /** The value of each series; a series that is not among them is not there. */
  values: (read: T) => Iterable<{ labels?: Labels; value: number }>;
};

export type Sampling = {
  /**
   * Shows what `read` answers, read at most once in `freshForMs` however many look. What can't be read is counted, and
   * its series are not there until it can: nothing old is shown for new.
   */
  show<T>(what: string, read: () => Promise<T>, gauges: readonly Shown<T>[]): void;
};

/** Reads of other systems for the sake of metrics: few, bounded in time, and never why a look at the metrics fails. */
export function sampling(registry: Registry, freshForMs = FRESH_FOR_MS): Sampling {
  const registers = [registry];
  const failed = new Counter({ name: 'metrics_reads_failed_total', help: 'Values that could not be read for a metric', labelNames: ['what'] as const, registers });
  return {
    show: <T>(what: string, read: () => Promise<T>, gauges: readonly Shown<T>[]) => {
      failed.inc({ what }, 0);
      let until = 0;
      let last: Promise<T | undefined> = Promise.resolve(undefined);
      const sampled = () => {
        if (performance.now() < until) return last;
        until = performance.now() + freshForMs;
        last = within(READ_WITHIN_MS, read(), () => new Error('no answer in time')).catch(() => {
          failed.inc({ what });
          return undefined;
        });
        return last;
      };
      for (const { name, help, labelNames = [], values } of gauges) {
        const gauge = new Gauge({
          name, help, labelNames, registers: [],
          async collect() {
            const value = await sampled();
            this.reset();
            // Without labels it would be 0, which is not what is known.
            if (labelNames.length === 0) this.remove();
            for (const { labels = {}, value: one } of value === undefined ? [] : values(value)) this.inc(labels, one);
          },
        });
        registry.registerMetric(gauge);
      }
    },
  };
}
