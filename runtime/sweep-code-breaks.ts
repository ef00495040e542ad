import type { Logger } from 'pino';
import type { ApiDeps } from '../api/deps.ts';
import { reportUntold } from '../api/unblinding/report-untold.ts';

/** Between two looks, unless the configuration says otherwise. */
export const SWEEP_EVERY_MS = 30_000;
/** Rows of one pass; the next goes on behind them, so that many which can't be told hold up no others. */
const AT_ONCE = 100;

export type Sweep = { stop(): Promise<void> };

/**
 * Looks every so often for code-breaks that nobody has been told of, and starts their reports: what was broken while
 * Temporal was away is told when it is back, whichever process recorded it.
 */
export function sweepCodeBreaks(options: Pick<ApiDeps, 'clients' | 'enrollments'> & { everyMs: number; log: Logger }): Sweep {
  const { everyMs, log } = options;
  let after: string | null = null;
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;
  let pass = Promise.resolve();

  const sweep = async () => {
    try {
      after = await reportUntold(options, { requestId: 'code-break-sweep', input: { ...(after === null ? {} : { after }), limit: AT_ONCE }, signal });
    } catch (error) {
      log.warn({ code: (error as { code?: unknown }).code }, 'code-breaks may be untold; the sweep tries again');
    }
    if (!signal.aborted) next();
  };
  const next = () => {
    timer = setTimeout(() => {
      pass = sweep();
    }, everyMs);
  };
  next();
  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await pass;
    },
  };
}
