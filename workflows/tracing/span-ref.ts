import { defaultPayloadConverter, type Headers } from '@temporalio/common';

/** A span, as W3C Trace Context names it (2.2): 32 and 16 hexadecimal digits, and whether it is recorded. */
export type SpanRef = { traceId: string; spanId: string; flags: string };

/** By the lowest bit of its flags. */
export const isRecorded = ({ flags }: SpanRef): boolean => (Number.parseInt(flags, 16) & 1) === 1;

/** The header of Temporal that a trace travels in: the text of `traceparent`, as anywhere else. */
export const TRACE_HEADER = 'traceparent';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The span that a message comes from; null without a well-formed one. */
export function spanOf(headers: Headers): SpanRef | null {
  const payload = headers[TRACE_HEADER];
  const text: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  const [, traceId, spanId, flags] = (typeof text === 'string' && TRACEPARENT.exec(text)) || [];
  return traceId && spanId && flags ? { traceId, spanId, flags } : null;
}

export function withSpan(headers: Headers, span: SpanRef | null): Headers {
  if (span === null) return headers;
  return { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(`00-${span.traceId}-${span.spanId}-${span.flags}`) };
}

/**
 * So many hexadecimal digits (a multiple of 8) that follow from `text`, alike at every replay: FNV-1a of 32 bits
 * (RFC 9923), once per eight digits. Workflow code has no crypto, and drawing a random number would shift all later ones.
 */
export function hexOf(text: string, digits: number): string {
  let hex = '';
  for (let part = 0; hex.length < digits; part += 1) {
    let hash = 0x811c9dc5;
    for (const char of `${part}/${text}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    hex += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return hex;
}
