import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './deps.ts';
import { ApiError } from './problem.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** Every POST of the API but a search changes something, so it carries a key that makes repeating it safe. */
export function requiresKey(method: string, path: string): boolean {
  return method === 'POST' && path.startsWith('/api/') && !path.endsWith('/search');
}

/** Refuses a POST without a usable `Idempotency-Key` (1 to 200 visible ASCII characters). */
export function idempotencyKeys(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (requiresKey(c.req.method, c.req.path)) {
      const key = c.req.header('Idempotency-Key');
      if (key === undefined || !IDEMPOTENCY_KEY.test(key)) {
        throw new ApiError(400, 'idempotency_key_required', 'Send an Idempotency-Key of 1 to 200 visible ASCII characters.');
      }
      c.set('idempotencyKey', key);
    }
    await next();
  };
}
