import type { MiddlewareHandler } from 'hono';
import { inScope } from '../services/common/index.ts';
import type { ApiEnv } from './deps.ts';

/** Of version 00, whose ids are not all zero (W3C Trace Context, 3.2.2). */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace that the caller is in goes with every call to a service; a `traceparent` that is not well-formed is none. */
export function traceContext(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const given = c.req.header('traceparent');
    const traceparent = given !== undefined && TRACEPARENT.test(given) ? given : undefined;
    await inScope({ traceparent, deadlineAt: undefined }, next);
  };
}
