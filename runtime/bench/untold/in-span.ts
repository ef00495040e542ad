import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { inSpan as realInSpan } from '../../../services/common/tracing/in-span.ts';

export * from '../../../services/common/tracing/in-span.ts';

const NONE = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Work without a span. */
export const inSpan: typeof realInSpan = (_name, _options, work) => work(NONE);
