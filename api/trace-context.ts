import type { MiddlewareHandler } from 'hono';
import { contextOf, currentTraceId, failed, inSpan, SpanKind, traceHeaders } from '../services/common/index.ts';
import type { ApiEnv } from './deps.ts';
import { addressOf } from './edge/rate-limits.ts';
import { routeOf } from './request-log.ts';

/**
 * Each request is a span, in the trace that the caller is in (W3C Trace Context) or in one that begins here. The trace
 * goes with every call to a service and to Temporal, with the address that the request comes from into the audit trail,
 * and back to the caller as `traceresponse` (W3C Trace Context 2, of 2021).
 */
export function traceContext({ trustedProxies = 0 }: { trustedProxies?: number | undefined }): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const parent = contextOf({ traceparent: c.req.header('traceparent'), tracestate: c.req.header('tracestate') });
    const { method } = c.req;
    await inSpan(method, { kind: SpanKind.SERVER, parent, attributes: { 'http.request.method': method } }, async (span) => {
      const traceId = currentTraceId();
      c.set('origin', { address: addressOf(c, trustedProxies), ...(traceId === undefined ? {} : { traceId }) });
      await next();
      const { traceparent } = traceHeaders();
      if (traceparent !== undefined) c.res.headers.set('traceresponse', traceparent);
      // The pattern, never the path: ids belong into fields of the log, and what else stands there to nobody.
      const route = routeOf(c);
      const { status } = c.res;
      span.updateName(`${method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
      if (status >= 500) failed(span, String(status));
    });
  };
}
