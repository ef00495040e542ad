import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { withCoreMetrics } from './metrics/temporal-core.ts';

/** The log of this process: JSON on standard output, ISO time, level as a word. Holds no bodies and no identifiers. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { service_name: 'trial-enrollment' },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** Sends what Temporal's SDK, its core and workflow code log through `log`, and has the core count. Once per process, before any connection. */
export function installTemporalLog(log: Logger): void {
  const temporal = log.child({ component: 'temporal' });
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const method = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : level === 'INFO' ? 'info' : 'debug';
    temporal[method](allowed(meta), message);
  });
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  withCoreMetrics((metrics) => Runtime.install({ logger, telemetryOptions: { logging, metrics } }));
}

const ALLOWED = ['workflowId', 'runId', 'workflowType', 'activityType', 'activityId', 'attempt', 'taskQueue', 'code', 'sdkComponent'];

/** By allow-list: an error's message and its arguments may hold what must not be logged. */
function allowed(meta: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta ?? {}).filter(([key]) => ALLOWED.includes(key)));
}
