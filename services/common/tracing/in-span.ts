import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isTypedError } from '../errors.ts';
import { type LogFields, withFields } from './log-fields.ts';

/** One for all of ours; without a telemetry that was started in this process its spans record nothing. */
const tracer = trace.getTracer('trial-enrollment');

export type SpanOptions = {
  kind?: SpanKind;
  /** Codes, counts, names of ours and ids that mean nothing outside: never what somebody has said or is called. */
  attributes?: Attributes;
  /** The code of an error of that kind; of anything but typed errors by their type or code when absent. */
  codeOf?: (error: unknown) => string;
  /** Where it belongs; in the current span when absent. */
  parent?: Context;
  /** What each line of the log says that is written within. */
  fields?: LogFields;
};

/** What `work` comes to, in a span that is the current one in it and ends with it. Of an error it keeps the code alone. */
export async function inSpan<T>(name: string, { parent = context.active(), fields, codeOf = knownCode, ...options }: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name, options, parent);
  const within = trace.setSpan(fields ? withFields(parent, fields) : parent, span);
  try {
    return await context.with(within, () => work(span));
  } catch (error) {
    failed(span, codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as one that did not come to what was asked for. */
export function failed(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** By type and code: an error's message may hold what must not leave the process. */
function knownCode(error: unknown): string {
  if (isTypedError(error)) return error.code;
  const { type, code } = (error ?? {}) as { type?: unknown; code?: unknown };
  return [type, code].find((one): one is string => typeof one === 'string' && /^[\w.-]{1,60}$/.test(one)) ?? 'internal';
}

export { SpanKind };
