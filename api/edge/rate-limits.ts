import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../deps.ts';
import { ApiError } from '../problem.ts';
import { type TokenBuckets, tokenBuckets } from './token-buckets.ts';

/** Requests a second; what nobody limits is absent. */
export type RateLimits = {
  perCaller?: number;
  perAddress?: number;
  /** How many proxies of ours stand in front: the address is what the outermost of them says (`X-Forwarded-For`). */
  trustedProxies?: number;
};

/** After a pause so many seconds' worth at once. */
const BURST_S = 10;
/** Wrong tokens from one address, and searches or revelations by one caller: enough for mistakes and work, not for guessing. */
const REFUSED = { perSecond: 0.2, burst: 20 };
const GUESSING = { perSecond: 0.5, burst: 60 };

type Middleware = MiddlewareHandler<ApiEnv>;

/** The limits as middleware: before a token is looked at, and after it has told who calls. Nothing where there are none. */
export function rateLimits(limits: RateLimits): { perAddress: Middleware; perCaller: Middleware } {
  const { perCaller, perAddress, trustedProxies = 0 } = limits;
  const bucketsOf = (perSecond: number | undefined) => (perSecond === undefined ? undefined : tokenBuckets({ perSecond, burst: perSecond * BURST_S }));
  const [callers, addresses] = [bucketsOf(perCaller), bucketsOf(perAddress)];
  const refused = perAddress === undefined ? undefined : tokenBuckets(REFUSED);
  const guessing = perCaller === undefined ? undefined : tokenBuckets(GUESSING);
  return {
    perAddress: async (c, next) => {
      if (!addresses || !refused) return next();
      const address = addressOf(c, trustedProxies);
      requireOne(addresses, address);
      requireOne(refused, address, { peek: true });
      await next();
      // Only a refused one costs: whoever has used them up is refused before the next token is looked at.
      if (c.res.status === 401) refused.take(address);
    },
    perCaller: async (c, next) => {
      if (!callers || !guessing) return next();
      const { id } = c.var.user;
      requireOne(callers, id);
      if (c.req.path.endsWith('/patients/search') || c.req.query('reveal') === 'true') requireOne(guessing, id);
      return next();
    },
  };
}

function requireOne(buckets: TokenBuckets, name: string, { peek = false } = {}): void {
  const seconds = peek ? buckets.wait(name) : buckets.take(name);
  if (seconds === null) return;
  throw new ApiError(429, 'too_many_requests', 'Too many requests; slow down.', { headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) } });
}

/** The caller's address: of the connection, or what the outermost proxy of ours has written down. Never what a caller says itself. */
export function addressOf(c: Context<ApiEnv>, trustedProxies: number): string {
  const forwarded = c.req.header('X-Forwarded-For')?.split(',').map((one) => one.trim()) ?? [];
  const told = trustedProxies > 0 ? forwarded.at(-trustedProxies) : undefined;
  if (told) return told;
  try {
    return getConnInfo(c).remote.address ?? 'unknown';
  } catch {
    // Not over a socket.
    return 'unknown';
  }
}
