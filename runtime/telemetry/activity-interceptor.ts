import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { currentTraceId, inSpan, type LogFields, SpanKind, subjectsOf } from '../../services/common/index.ts';
import { traceOf } from './temporal-headers.ts';

/** Each attempt of an activity: a span in the trace of whatever asked for it, and a line of the log once it is over. */
export function tracedActivities(log: Logger): ActivityInterceptorsFactory {
  return ({ info }) => {
    let fields: LogFields & { trace_id?: string | undefined; span_id?: string } = {};
    return {
      inbound: {
        execute: (input, next) => {
          const [call] = input.args as { ctx?: { requestId?: unknown }; input?: unknown }[];
          const requestId = call?.ctx?.requestId;
          fields = {
            ...subjectsOf(call?.input),
            ...(typeof requestId === 'string' ? { request_id: requestId } : {}),
            workflow_id: info.workflowExecution?.workflowId ?? '',
            activity: info.activityType,
            attempt: info.attempt,
          };
          const attributes = { 'temporal.workflow.id': fields.workflow_id, 'temporal.activity.type': info.activityType, 'temporal.activity.attempt': info.attempt };
          return inSpan(`RunActivity:${info.activityType}`, { kind: SpanKind.CONSUMER, parent: traceOf(input.headers), attributes, fields }, async (span) => {
            fields = { ...fields, trace_id: currentTraceId(), span_id: span.spanContext().spanId };
            const begun = performance.now();
            let code = 'ok';
            try {
              return await next(input);
            } catch (error) {
              code = error instanceof ApplicationFailure ? (error.type ?? 'internal') : 'internal';
              throw error;
            } finally {
              log.info({ code, ms: Math.round((performance.now() - begun) * 10) / 10 }, 'activity');
            }
          });
        },
      },
      outbound: {
        // What the SDK itself says of the attempt, outside of its span.
        getLogAttributes: (attributes, next) => next({ ...attributes, ...fields }),
      },
    };
  };
}
