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

/**
 * Lets the Temporal UI of these origins, exactly, have payloads opened. Its user may have it send cookies along, for a
 * proxy in front that knows people by them; here they play no part.
 */
export function temporalUiFrom(origins: readonly string[]): MiddlewareHandler<ApiEnv> {
  return cors({
    origin: [...origins],
    allowMethods: ['POST'],
    allowHeaders: ['Authorization', 'Authorization-Extras', 'Content-Type', 'X-Namespace'],
    credentials: true,
    maxAge: 600,
  });
}
