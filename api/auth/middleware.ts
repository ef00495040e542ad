import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { ctxOf } from '../call.ts';
import type { ApiEnv } from '../deps.ts';
import { ApiError } from '../problem.ts';
import { type Access, accessOf, type OperationId } from '../../services/common/authority/policy.ts';
import type { ScopeIds } from './scope-ids.ts';
import type { TokenVerifier } from './token.ts';

const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const LONGEST_TOKEN = 8192;

/** Who calls: 401 without a valid bearer token. */
export function authenticate(auth: TokenVerifier): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = c.req.header('Authorization');
    const token = header !== undefined && header.length <= LONGEST_TOKEN ? BEARER.exec(header)?.[1] : undefined;
    if (token === undefined) {
      throw new ApiError(401, 'token_required', 'Send a bearer token.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="trial-enrollment"' },
      });
    }
    c.set('user', await auth.verify(token));
    await next();
  };
}

/**
 * The one place that consults the policy: finds the operation of the route that matched, refuses what the caller's
 * role has no access to, and leaves the grant for the handler, which holds things against it. Default: deny.
 */
export function authorize(
  operationOf: (method: string, path: string) => string | undefined,
  scopes: ScopeIds,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL');
    if (!route) throw noSuchResource();
    const operation = operationOf(route.method, route.path);
    const access = accessOf(operation, c.var.user.role);
    refuse(access);
    c.set('grant', await scopes.grantOf(c.var.user, access, ctxOf(c)));
    // It has a row in the policy, or access would have been refused.
    c.set('operation', operation as OperationId);
    await next();
  };
}

/** Throws what the policy says to a role without access. */
export function refuse(access: Access): asserts access is Exclude<Access, '403' | '404'> {
  if (access === '404') throw noSuchResource();
  if (access === '403') throw new ApiError(403, 'forbidden', 'Your role may not do this.');
}

export function noSuchResource(): ApiError {
  return new ApiError(404, 'not_found', 'There is nothing here.');
}
