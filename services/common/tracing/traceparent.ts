import { type Context, context, defaultTextMapGetter, ROOT_CONTEXT, defaultTextMapSetter, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

const propagator = new W3CTraceContextPropagator();

/** The headers of W3C Trace Context. */
export type TraceHeaders = { traceparent?: string; tracestate?: string };

/** What goes with a call that leaves the current span; nothing outside of any. */
export function traceHeaders(within: Context = context.active()): TraceHeaders {
  const headers: TraceHeaders = {};
  propagator.inject(within, headers, defaultTextMapSetter);
  return headers;
}

/** Where something belongs that came with these headers; in no trace when they are absent or not well-formed (4.3). */
export function contextOf(headers: { readonly [name in keyof TraceHeaders]: string | null | undefined }): Context {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => typeof value === 'string'));
  return propagator.extract(ROOT_CONTEXT, given, defaultTextMapGetter);
}

/** The trace that is current, as 32 hexadecimal digits; undefined outside of any. */
export function currentTraceId(): string | undefined {
  const here = trace.getActiveSpan()?.spanContext();
  return here && trace.isSpanContextValid(here) ? here.traceId : undefined;
}
