import type { Context } from 'hono';
import type { Ctx } from '../services/common/index.ts';
import type { ApiEnv } from './deps.ts';

/** Who acts, by which request, why and with what authority: goes with every call to the services, which hold it against the policy. */
export function ctxOf(c: Context<ApiEnv>, reason?: string): Ctx {
  const { id, name, role } = c.var.user;
  const { operation, grant } = c.var;
  return {
    actor: { kind: 'user', id, name, role },
    requestId: c.var.requestId,
    origin: c.var.origin,
    ...(operation === undefined || grant === undefined ? {} : { authority: { operation, grant } }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The key of a command: the caller's own key, kept apart from the same key of another caller. */
export function keyOf(c: Context<ApiEnv>, key = c.var.idempotencyKey): string {
  return `rest/${c.var.user.id}/${key}`;
}

/** A command of one service, carried out once and only once under the caller's key. */
export function commandOf<I>(c: Context<ApiEnv>, input: I, reason?: string) {
  return { ctx: ctxOf(c, reason), key: keyOf(c), input };
}

export function readOf<I>(c: Context<ApiEnv>, input: I) {
  return { ctx: ctxOf(c), input };
}
