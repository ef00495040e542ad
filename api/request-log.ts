import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { subjectsOf, withinFields } from '../services/common/index.ts';
import type { ApiEnv } from './deps.ts';
import type { RequestMetrics } from './metrics.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,100}$/;

/**
 * Gives each request an id (the caller's own when it is usable), answers it, and writes one line per request:
 * the pattern of the route and never the path, a query value, a header or a body.
 */
export function requestLog(log: Logger, metrics: RequestMetrics): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const given = c.req.header('X-Request-Id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : uuidv7();
    c.set('requestId', requestId);
    const begun = performance.now();
    await withinFields({ request_id: requestId }, next);
    c.res.headers.set('X-Request-Id', requestId);
    const route = routeOf(c);
    const ms = Math.round((performance.now() - begun) * 10) / 10;
    metrics.observe({ method: c.req.method, route, status: c.res.status, seconds: ms / 1000 });
    withinFields({ request_id: requestId, ...subjectsOf(c.req.param()) }, () => log.info({ method: c.req.method, route, status: c.res.status, ms }, 'request'));
  };
}

/** The pattern of the route that answered; `unknown` where there is none. */
export function routeOf(c: Context): string {
  return matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path ?? 'unknown';
}
