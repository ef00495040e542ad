export { failed, inSpan, SpanKind, type SpanOptions } from './in-span.ts';
export { currentFields, type LogFields, subjectsOf, withinFields } from './log-fields.ts';
export { contextOf, currentTraceId, type TraceHeaders, traceHeaders } from './traceparent.ts';
