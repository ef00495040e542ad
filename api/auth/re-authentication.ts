import type { Context } from 'hono';
import type { ApiDeps, ApiEnv } from '../deps.ts';
import { ApiError } from '../problem.ts';

/** Five minutes: long enough to type a reason, too short for a session that somebody left open. */
export const MAX_AUTH_AGE_S = 300;

/**
 * Refuses a token whose person has not authenticated within the last `maxAuthAgeS` (RFC 9470; 21 CFR 11.200(a)(1)):
 * 401 `insufficient_user_authentication`, with what a client must ask its issuer for. A token that doesn't say when
 * (`auth_time`) is refused, too.
 */
export function requireRecentAuthentication(c: Context<ApiEnv>, { clock, maxAuthAgeS = MAX_AUTH_AGE_S }: Pick<ApiDeps, 'clock' | 'maxAuthAgeS'>): void {
  const { authTime } = c.var.user;
  if (authTime !== undefined && clock().getTime() / 1000 - authTime <= maxAuthAgeS) return;
  throw new ApiError(401, 'insufficient_user_authentication', `Authenticate again: this needs an authentication of the last ${maxAuthAgeS} seconds.`, {
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_user_authentication", max_age=${maxAuthAgeS}` },
  });
}
