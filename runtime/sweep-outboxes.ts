import type { Logger } from 'pino';
import type { ApiDeps } from '../api/deps.ts';
import { type Behind, reportUntoldIncidents } from '../api/incidents/report-untold.ts';
import { reportUntold } from '../api/unblinding/report-untold.ts';
import { type Sweep, sweepEvery } from './sweep.ts';

/** Between two looks, unless the configuration says otherwise. */
export const SWEEP_EVERY_MS = 30_000;
/** Rows of one pass; the next goes on behind them, so that many which can't be told hold up no others. */
const AT_ONCE = 100;

type Options = Pick<ApiDeps, 'clients' | 'enrollments'> & { everyMs: number; log: Logger };

/**
 * Looks every so often for code-breaks, emergency accesses and misused signatures that nobody has been told of, and
 * starts their reports: what happened while Temporal was away is told when it is back, whichever process recorded it.
 */
export function sweepOutboxes(options: Options): Sweep {
  const codeBreaks = sweepEvery<string | null>({
    ...options,
    what: 'code-breaks may be untold',
    from: null,
    pass: (after, signal) => reportUntold(options, { requestId: 'code-break-sweep', input: { ...(after === null ? {} : { after }), limit: AT_ONCE }, signal }),
  });
  const incidents = sweepEvery<Behind>({
    ...options,
    what: 'incidents may be untold',
    from: {},
    pass: (behind, signal) => reportUntoldIncidents(options, { requestId: 'incident-sweep', behind, limit: AT_ONCE, signal }),
  });
  return { stop: async () => void (await Promise.all([codeBreaks.stop(), incidents.stop()])) };
}
