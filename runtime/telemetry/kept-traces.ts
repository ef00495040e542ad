import { ExportResultCode } from '@opentelemetry/core';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { z } from 'zod';
import type { KeptSpan, KeptTraces, TraceLine } from '../../api/debug/kept-traces.ts';

/** Bounds of what is kept: the oldest trace goes first, and what a trace has beyond is only counted. */
const MOST_TRACES = 500;
const MOST_SPANS = 2000;

const time = z.coerce.bigint();
const attributes = z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })).default([]);
const ids = { traceId: z.string().regex(/^[0-9a-f]{32}$/), spanId: z.string().regex(/^[0-9a-f]{16}$/) };
/** What is read of an ExportTraceServiceRequest in its JSON form (OTLP 1.x, "JSON Protobuf Encoding"). */
const REQUEST = z.object({
  resourceSpans: z.array(z.object({
    resource: z.object({ attributes }).optional(),
    scopeSpans: z.array(z.object({
      spans: z.array(z.object({
        ...ids,
        parentSpanId: z.string().optional(),
        name: z.string(),
        kind: z.number().optional(),
        startTimeUnixNano: time,
        endTimeUnixNano: time,
        attributes,
        links: z.array(z.object(ids)).default([]),
        status: z.object({ code: z.number().optional() }).optional(),
      })),
    })),
  })),
});
const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** The traces of late, in memory, of this process and of those that send theirs: for development. */
export function keepTraces(): KeptTraces & { exporter: SpanExporter } {
  const traces = new Map<string, KeptSpan[]>();
  const keep = (span: KeptSpan) => {
    const spans = traces.get(span.traceId) ?? [];
    if (spans.length < MOST_SPANS) spans.push(span);
    // Anew at the end: what still grows is not the oldest.
    traces.delete(span.traceId);
    traces.set(span.traceId, spans);
    for (const oldest of traces.keys()) {
      if (traces.size <= MOST_TRACES) break;
      traces.delete(oldest);
    }
  };
  const take = (request: unknown) => {
    const parsed = REQUEST.safeParse(request);
    if (!parsed.success) return false;
    for (const { resource, scopeSpans } of parsed.data.resourceSpans) {
      const service = String(valuesOf(resource?.attributes ?? [])['service.name'] ?? 'unknown');
      for (const { spans } of scopeSpans) for (const span of spans) keep(keptOf(service, span));
    }
    return true;
  };
  return {
    take,
    find: (traceId) => traces.get(traceId)?.toSorted(byStart) ?? null,
    list: () => [...traces.values()].map(lineOf).toSorted((a, b) => b.startedAt.localeCompare(a.startedAt)),
    exporter: {
      export: (spans, done) => {
        take(JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans))));
        done({ code: ExportResultCode.SUCCESS });
      },
      shutdown: () => Promise.resolve(),
    },
  };
}

const byStart = (a: KeptSpan, b: KeptSpan) => (a.startedAt < b.startedAt ? -1 : 1);

function lineOf(spans: readonly KeptSpan[]): TraceLine {
  const first = spans.reduce((earliest, span) => (byStart(span, earliest) < 0 ? span : earliest));
  const { traceId, name, service, startedAt, durationMs } = first;
  return { traceId, name, service, startedAt, durationMs, spans: spans.length, failed: spans.filter(({ failed }) => failed).length };
}

type Told = z.output<typeof REQUEST>['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

function keptOf(service: string, { traceId, spanId, parentSpanId, name, kind = 0, startTimeUnixNano: start, endTimeUnixNano: end, links, status, ...span }: Told): KeptSpan {
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || null,
    name,
    service,
    kind: KINDS[kind] ?? 'internal',
    startedAt: `${new Date(Number(start / 1_000_000n)).toISOString().slice(0, -1)}${String(start % 1_000_000n).padStart(6, '0')}Z`,
    durationMs: Number(end - start) / 1e6,
    failed: status?.code === 2,
    attributes: valuesOf(span.attributes),
    links,
  };
}

/** `{ intValue: 1 }` and its like as the values that they are. */
function valuesOf(told: z.output<typeof attributes>): KeptSpan['attributes'] {
  return Object.fromEntries(told.map(({ key, value }) => {
    const [one] = Object.values(value);
    return [key, typeof one === 'number' || typeof one === 'boolean' ? one : String(one)];
  }));
}
