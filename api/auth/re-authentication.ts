import type { Context } from 'hono';
import type { ApiDeps, ApiEnv } from '../deps.ts';
import { ApiError } from '../problem.ts';

/** Five minutes: long enough to type a reason, too short for a session that somebody left open. */
export const MAX_AUTH_AGE_S = 300;
/** An authentication in the future is the clock's fault up to here, and none beyond. */
const AHEAD_S = 60;

type Rules = Pick<ApiDeps, 'clock' | 'maxAuthAgeS' | 'signingAcr'>;

/**
 * Refuses a token whose person has not authenticated within the last `maxAuthAgeS`, or not in one of the ways that
 * `signingAcr` names (RFC 9470; 21 CFR 11.200(a)(1)): 401 `insufficient_user_authentication`, with what a client must
 * ask its issuer for. A token that doesn't say when (`auth_time`) or, if it matters, how (`acr`) is refused, too.
 */
export function requireRecentAuthentication(c: Context<ApiEnv>, { clock, maxAuthAgeS = MAX_AUTH_AGE_S, signingAcr }: Rules): void {
  const { authTime, acr } = c.var.user;
  const age = authTime === undefined ? Infinity : clock().getTime() / 1000 - authTime;
  const isStrong = signingAcr === undefined || (acr !== undefined && signingAcr.split(' ').includes(acr));
  if (age >= -AHEAD_S && age <= maxAuthAgeS && isStrong) return;
  const how = signingAcr === undefined ? '' : ` acr_values="${signingAcr}",`;
  throw new ApiError(401, 'insufficient_user_authentication', `Authenticate again: this needs an authentication of the last ${maxAuthAgeS} seconds${how && ', by a stronger method'}.`, {
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_user_authentication",${how} max_age=${maxAuthAgeS}` },
  });
}
