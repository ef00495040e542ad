import type { Context } from '@opentelemetry/api';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { contextOf, traceHeaders } from '../../services/common/index.ts';
import { TRACE_HEADER } from '../../workflows/tracing/span-ref.ts';

/** The headers of a message to Temporal with the current trace among them. */
export function withTrace(headers: Headers): Headers {
  const { traceparent } = traceHeaders();
  return traceparent === undefined ? headers : { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(traceparent) };
}

/** Where a message from Temporal belongs. */
export function traceOf(headers: Headers): Context {
  const payload = headers[TRACE_HEADER];
  const text: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return contextOf({ traceparent: typeof text === 'string' ? text : undefined });
}
