import type { Context } from 'hono';
import { uuidv7 } from 'uuidv7';
import { type Authentication, DomainError } from '../../services/common/index.ts';
import { ctxOf } from '../call.ts';
import type { ApiDeps, ApiEnv } from '../deps.ts';
import { ApiError } from '../problem.ts';
import { requireRecentAuthentication } from './re-authentication.ts';

/** A series of signings is over when so long nothing was signed; the next one needs both components again. */
export const SIGNING_IDLE_MS = 15 * 60_000;
const MOST_SESSIONS = 10_000;

type Deps = Pick<ApiDeps, 'clock' | 'maxAuthAgeS' | 'signingAcr' | 'log'> & { clients: { study: Pick<ApiDeps['clients']['study'], 'noteMisuse' | 'signingLockedUntil'> } };

export type Signing = {
  /**
   * Carries out a signing `about` an enrollment or a person: refused with 429 `signing_locked` after too many refused
   * ones, and with 401 `insufficient_user_authentication` without the components that it needs. What is refused for who
   * signs is noted, and reported.
   */
  signed<T>(c: Context<ApiEnv>, about: string, work: (authentication: Authentication) => Promise<T>): Promise<T>;
};

/**
 * How whoever signs proves to be there (21 CFR 11.200(a)(1)(i)): the first signing of a session with both components, by
 * an authentication of the last minutes; the following ones of the same continuous period with the token of that
 * authentication. Kept in memory (at most 10,000 sessions): after a restart, or at another copy of the API, somebody is
 * asked once more.
 */
export function signingDesk(deps: Deps): Signing {
  const lastSigned = new Map<string, number>();
  const authenticated = (c: Context<ApiEnv>): Authentication => {
    const { id, authTime = 0, acr } = c.var.user;
    const session = `${id} ${authTime}`;
    const now = deps.clock().getTime();
    const last = lastSigned.get(session);
    const goesOn = last !== undefined && now - last <= SIGNING_IDLE_MS;
    if (!goesOn) requireRecentAuthentication(c, deps);
    lastSigned.delete(session);
    if (lastSigned.size >= MOST_SESSIONS) lastSigned.delete(lastSigned.keys().next().value!);
    lastSigned.set(session, now);
    return { authTime, ...(acr === undefined ? {} : { acr }), components: goesOn ? 'one' : 'both' };
  };
  const note = async (c: Context<ApiEnv>, about: string, why: 'stale_authentication' | 'not_entitled') => {
    const call = { ctx: ctxOf(c), key: `misuse/${uuidv7()}`, input: { about, operation: c.var.operation, why, via: 'api' } };
    // Whoever is refused is refused also when that can't be noted.
    await deps.clients.study.noteMisuse(call).catch(() => deps.log.warn({ code: why }, 'a refused signing could not be noted'));
  };
  return {
    signed: async (c, about, work) => {
      const { until } = await deps.clients.study.signingLockedUntil({ ctx: ctxOf(c), input: { userId: c.var.user.id } });
      if (until !== null) throw locked(until, deps.clock());
      try {
        return await work(authenticated(c));
      } catch (error) {
        if (error instanceof ApiError && error.code === 'insufficient_user_authentication') await note(c, about, 'stale_authentication');
        if (error instanceof DomainError && error.code === 'signer_not_entitled') await note(c, about, 'not_entitled');
        throw error;
      }
    },
  };
}

function locked(until: string, now: Date): ApiError {
  const seconds = Math.max(1, Math.ceil((Date.parse(until) - now.getTime()) / 1000));
  return new ApiError(429, 'signing_locked', 'Too many of your signings were refused; signing is locked for a while, and that is reported.', {
    headers: { 'Retry-After': String(seconds) },
    details: { until },
  });
}
