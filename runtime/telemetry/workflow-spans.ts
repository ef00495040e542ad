import { type HrTime, type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { Moment, TraceSinks } from '../../workflows/tracing/traced-run.ts';
import type { SpanRef } from '../../workflows/tracing/span-ref.ts';
import type { Telemetry } from './start-telemetry.ts';

/** What workflows tell of, as spans of this process: each moment once, none during a replay. */
export function workflowSpans(telemetry: Telemetry | undefined): InjectedSinks<TraceSinks> {
  const add = (info: WorkflowInfo, moment: Moment) => {
    telemetry?.ended(spanOf(info, moment, telemetry));
  };
  return { spans: { add: { fn: add, callDuringReplay: false } } };
}

const contextOf = ({ traceId, spanId, flags }: SpanRef): SpanContext => ({ traceId, spanId, traceFlags: Number.parseInt(flags, 16) });

function spanOf({ workflowId, runId }: WorkflowInfo, { name, span, parent, links, atMs }: Moment, { resource }: Telemetry): ReadableSpan {
  const at: HrTime = [Math.floor(atMs / 1000), (atMs % 1000) * 1e6];
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(span),
    ...(parent ? { parentSpanContext: { ...contextOf(parent), isRemote: true } } : {}),
    startTime: at,
    endTime: at,
    duration: [0, 0],
    ended: true,
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'temporal.workflow.id': workflowId, 'temporal.run.id': runId },
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    resource,
    instrumentationScope: { name: 'trial-enrollment' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
