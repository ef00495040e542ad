import { cors } from 'hono/cors';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../deps.ts';

/** Lets scripts of these origins, exactly, call the API with a token of their own. Cookies play no part in it. */
export function browsersFrom(origins: readonly string[]): MiddlewareHandler<ApiEnv> {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PATCH'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'X-Reason', 'X-Request-Id', 'traceparent'],
    exposeHeaders: ['ETag', 'Location', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600,
  });
}
