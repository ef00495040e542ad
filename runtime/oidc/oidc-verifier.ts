import type { Logger } from 'pino';
import { type TokenVerifier, tokenVerifier } from '../../api/auth/token.ts';
import type { Config } from '../config.ts';
import { issuerKeys } from './issuer-keys.ts';
import { loadKeys } from './load-keys.ts';

/** Whoever stole a token has it for so long at most; the issuers of this world stay far below. */
const LONGEST_S = 24 * 3600;
/** A key that was withdrawn must not live on in remembered tokens. */
const REMEMBER_MS = 60_000;

export type OidcSettings = Pick<Config, 'OIDC_AUDIENCE' | 'OIDC_JWKS_URL' | 'OIDC_ALGORITHMS' | 'OIDC_CLOCK_SKEW_S' | 'OIDC_ROLES_CLAIM'> & { OIDC_ISSUER: string };

/** Verifies tokens of the configured OpenID Connect issuer. Its keys are asked for at once, and nothing waits for them. */
export function oidcVerifier(config: OidcSettings, options: { log: Logger; clock?: () => Date; now?: () => number }): TokenVerifier & { ready: () => Promise<void> } {
  const { log, clock = () => new Date(), now } = options;
  const { OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl } = config;
  const keys = issuerKeys({
    load: () => loadKeys({ issuer, jwksUrl }),
    onFailure: (error) => log.warn({ cause: error instanceof Error ? error.message.slice(0, 200) : 'unknown' }, 'the keys of the token issuer could not be loaded'),
    ...(now ? { now } : {}),
  });
  keys.ready().catch(() => undefined);
  const { verify } = tokenVerifier(keys.keyFor, {
    issuer,
    audience: config.OIDC_AUDIENCE,
    algorithms: config.OIDC_ALGORITHMS,
    clock,
    skewS: config.OIDC_CLOCK_SKEW_S,
    rolesClaim: config.OIDC_ROLES_CLAIM,
    longestS: LONGEST_S,
    rememberMs: REMEMBER_MS,
  });
  return { verify, ready: keys.ready };
}
