import { performance } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

let registry: Registry | undefined;

/** Of the process itself: time, memory, garbage collection, the event loop. One for all systems that run in it. */
export function processMetrics(): Registry {
  registry ??= made();
  return registry;
}

function made(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const spent = { active: 0, idle: 0 };
  const grown = (kind: 'active' | 'idle') => {
    const now = performance.eventLoopUtilization()[kind] / 1000;
    const more = Math.max(0, now - spent[kind]);
    spent[kind] = now;
    return more;
  };
  for (const kind of ['active', 'idle'] as const) {
    const counter = new Counter({
      name: `nodejs_eventloop_${kind}_seconds_total`,
      help: `Time that the event loop was ${kind}`,
      registers: [],
      collect() {
        this.inc(grown(kind));
      },
    });
    register.registerMetric(counter);
  }
  return register;
}
