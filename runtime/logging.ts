import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type Logger, pino } from 'pino';

/** The log of this process: JSON on standard output, ISO time, level as a word. Holds no bodies and no identifiers. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { service_name: 'trial-enrollment' },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** Sends what Temporal's SDK, its core and workflow code log through `log`. Once per process, before any connection. */
export function installTemporalLog(log: Logger): void {
  const temporal = log.child({ component: 'temporal' });
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const method = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : level === 'INFO' ? 'info' : 'debug';
      temporal[method](allowed(meta), message);
    }),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}

const ALLOWED = ['workflowId', 'runId', 'workflowType', 'activityType', 'activityId', 'attempt', 'taskQueue', 'code', 'sdkComponent'];

/** By allow-list: an error's message and its arguments may hold what must not be logged. */
function allowed(meta: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta ?? {}).filter(([key]) => ALLOWED.includes(key)));
}
