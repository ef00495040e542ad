import { randomBytes } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { inScope } from '../services/common/index.ts';
import type { ApiEnv } from './deps.ts';
import { addressOf } from './edge/rate-limits.ts';

/** Of version 00, whose ids are not all zero (W3C Trace Context, 3.2.2). */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The trace that the caller is in goes with every call to a service, and with the address that it comes from into the
 * audit trail. Without a well-formed `traceparent` a trace begins here (4.2).
 */
export function traceContext({ trustedProxies = 0 }: { trustedProxies?: number | undefined }): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const [given, traceId] = TRACEPARENT.exec(c.req.header('traceparent') ?? '') ?? begun();
    c.set('origin', { address: addressOf(c, trustedProxies), traceId });
    await inScope({ traceparent: given, deadlineAt: undefined }, next);
  };
}

function begun(): [traceparent: string, traceId: string] {
  const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return [`00-${traceId}-${parentId}-00`, traceId];
}
