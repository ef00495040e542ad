import { trace } from '@opentelemetry/api';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type DestinationStream, type Logger, type LoggerOptions, type LogFn, pino } from 'pino';
import { build as pretty } from 'pino-pretty';
import { currentFields } from '../services/common/index.ts';
import { describeError } from './crash.ts';
import { withCoreMetrics } from './metrics/temporal-core.ts';

/**
 * What a line of the log may say, each a code, a count, a name of ours or an id: never what somebody has said, sent or
 * is called. Whatever is not listed here is left out, wherever it comes from.
 */
const ALLOWED = new Set([
  'request_id', 'patient_id', 'study_id', 'site_id', 'enrollment_id', 'workflow_id', 'run_id', 'code_break_id', 'activity', 'attempt', 'trace_id', 'span_id',
  'method', 'route', 'status', 'ms', 'code', 'error', 'cause', 'queue', 'workflow', 'component',
  'service', 'seal', 'up_to', 'hash',
  'build_id', 'current', 'former', 'unpinned', 'held',
]);
/** Members that Temporal's SDK and its core have other names for. */
const ALSO: Record<string, string> = {
  workflowId: 'workflow_id', runId: 'run_id', workflowType: 'workflow', activityType: 'activity', taskQueue: 'queue', sdkComponent: 'component', buildId: 'build_id',
};
const LONGEST = 300;

/**
 * The log of this process: JSON on standard output, or `to`, with ISO time and the level as a word; for people where
 * that is a terminal. Each line says in which trace and for which request it is, and of whom, by the call that it is
 * written in.
 */
export function createLog(level: string, { serviceName = 'trial-enrollment', to }: { serviceName?: string; to?: DestinationStream } = {}): Logger {
  const options: LoggerOptions = {
    level,
    base: { service_name: serviceName },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }), log: allowed },
    hooks: { logMethod: withoutMessages },
    mixin: () => ({ ...currentSpan(), ...currentFields() }),
  };
  if (to) return pino(options, to);
  return process.stdout.isTTY ? pino(options, pretty({ timestampKey: 'timestamp', ignore: 'service_name', singleLine: true, sync: true })) : pino(options);
}

/** An error alone would be logged with its message. */
function withoutMessages(this: Logger, args: Parameters<LogFn>, write: LogFn): void {
  const [first] = args as unknown[];
  write.apply(this, first instanceof Error ? [{ error: first }, 'error'] : args);
}

function currentSpan(): Record<string, string> {
  const here = trace.getActiveSpan()?.spanContext();
  return here && trace.isSpanContextValid(here) ? { trace_id: here.traceId, span_id: here.spanId } : {};
}

/** By allow-list: an error's message and its arguments may hold what must not be logged. */
function allowed(members: Record<string, unknown>): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(members)) {
    const name = ALSO[given] ?? given;
    if (!ALLOWED.has(name)) continue;
    if (name === 'error') told[name] = isDescribed(value) ? only(value, ['name', 'type', 'code', 'frames']) : describeError(value);
    else if (typeof value === 'string') told[name] = value.slice(0, LONGEST);
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) told[name] = value;
  }
  return told;
}

const isDescribed = (value: unknown): value is object => typeof value === 'object' && value !== null && !(value instanceof Error);

function only(value: object, names: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

/** Sends what Temporal's SDK, its core and workflow code log through `log`, and has the core count. Once per process, before any connection. */
export function installTemporalLog(log: Logger): void {
  const temporal = log.child({ component: 'temporal' });
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const method = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : level === 'INFO' ? 'info' : 'debug';
    temporal[method](meta ?? {}, message);
  });
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  withCoreMetrics((metrics) => Runtime.install({ logger, telemetryOptions: { logging, metrics } }));
}
