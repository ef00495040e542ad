import { diag } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, NoopSpanProcessor, ParentBasedSampler, type ReadableSpan, type SpanProcessor, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { KeptTraces } from '../../api/debug/kept-traces.ts';
import { within } from '../../services/common/index.ts';
import { keepTraces } from './kept-traces.ts';

export type TelemetrySettings = {
  /** The process, as its log and its spans name it. */
  serviceName: string;
  /** Of the traces that begin here, so many (0 to 1) are recorded; who comes in a trace has decided already. */
  sampleRatio: number;
  /** Base URL of a receiver of OTLP over HTTP. */
  otlpEndpoint?: string | undefined;
  /** Whether this process keeps the traces of late, and shows them. */
  keep: boolean;
  log: Logger;
};

export type Telemetry = {
  kept: KeptTraces | undefined;
  /** For a span that was not made by the tracer: a moment of a workflow. */
  ended(span: ReadableSpan): void;
  readonly resource: ReadableSpan['resource'];
  /** Sends what has ended, and takes no more. At most 2 s; what can't be sent by then is lost. */
  stop(): Promise<void>;
};

const DELAY_MS = { kept: 100, sent: 1000 };
const EXPORT_WITHIN_MS = 5000;
const SAY_AFTER_MS = 60_000;
/** A process that is told to end has ten seconds for everything. */
const STOP_WITHIN_MS = 2000;

/** Spans of this process from now on. Once per process, before anything is begun that should have some. */
export function startTelemetry({ serviceName, sampleRatio, otlpEndpoint, keep, log }: TelemetrySettings): Telemetry {
  const kept = keep ? keepTraces() : undefined;
  const processors: SpanProcessor[] = [];
  if (kept) processors.push(new BatchSpanProcessor({ exporter: kept.exporter, scheduledDelayMillis: DELAY_MS.kept, maxQueueSize: 20_000 }));
  if (otlpEndpoint !== undefined) {
    const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: EXPORT_WITHIN_MS });
    processors.push(new BatchSpanProcessor({ exporter, scheduledDelayMillis: DELAY_MS.sent, exportTimeoutMillis: EXPORT_WITHIN_MS, maxQueueSize: 8192 }));
  }
  const attributes = { 'service.name': serviceName, 'service.namespace': 'trial-enrollment', 'process.pid': process.pid };
  const sdk = startNodeSdk({
    logLevel: 'none',
    resourceAttributes: attributes,
    resourceDetectors: [],
    // Without any there would be no trace ids either, which logs and the audit trail have.
    spanProcessors: processors.length > 0 ? processors : [new NoopSpanProcessor()],
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    propagators: [new W3CTraceContextPropagator()],
    metricReaders: [],
    logRecordProcessors: [],
  });
  logWhatFails(log);
  return {
    kept,
    ended: (span) => processors.forEach((processor) => processor.onEnd(span)),
    resource: resourceFromAttributes(attributes),
    stop: () => within(STOP_WITHIN_MS, sdk.shutdown(), () => new Error('late')).catch(() => diag.error('not sent')),
  };
}

/** A receiver that is away costs traces and nothing else; it is said once a minute, without what it answered. */
function logWhatFails(log: Logger): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  const say = () => {
    if (performance.now() - saidAt < SAY_AFTER_MS) return;
    saidAt = performance.now();
    log.warn('spans could not be sent');
  };
  const silent = () => undefined;
  diag.setLogger({ error: say, warn: silent, info: silent, debug: silent, verbose: silent }, { suppressOverrideMessage: true });
}
