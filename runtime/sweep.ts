import type { Logger } from 'pino';

export type Sweep = { stop(): Promise<void> };

/**
 * Does `pass` every so often, one after the other, until it is stopped; what a pass throws is logged by its code, and
 * the next one tries again. `state` is what the last pass answered.
 */
export function sweepEvery<S>(options: { everyMs: number; log: Logger; what: string; from: S; pass: (state: S, signal: AbortSignal) => Promise<S> }): Sweep {
  const { everyMs, log, what, pass } = options;
  let state = options.from;
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  const sweep = async () => {
    try {
      state = await pass(state, signal);
    } catch (error) {
      log.warn({ code: (error as { code?: unknown }).code }, `${what}; the sweep tries again`);
    }
    if (!signal.aborted) next();
  };
  const next = () => {
    timer = setTimeout(() => {
      running = sweep();
    }, everyMs);
  };
  next();
  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
