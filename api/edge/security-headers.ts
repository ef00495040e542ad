import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../deps.ts';

/** For answers that are data: a browser that shows one by itself runs, loads and frames nothing. */
const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};
const A_YEAR = 'max-age=31536000';

/**
 * Headers that tell browsers to be careful; what a route has set itself stays. Answers under `data` are kept by no cache;
 * where people reach it over TLS, they are to go on doing so (RFC 6797).
 */
export function securityHeaders({ https, data }: { https: boolean; data: readonly string[] }): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    const headers = {
      ...ALWAYS,
      ...(data.some((root) => c.req.path.startsWith(root)) ? { 'Cache-Control': 'no-store' } : {}),
      ...(https ? { 'Strict-Transport-Security': A_YEAR } : {}),
    };
    for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  };
}
