import { type CryptoKey, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { z } from 'zod';
import { type AuthenticatedUser, userOf } from './claims.ts';

export type { AuthenticatedUser } from './claims.ts';

export type TokenVerifier = {
  /** Throws InvalidTokenError, or IssuerUnavailableError. */
  verify(token: string): Promise<AuthenticatedUser>;
  /** Settles when tokens can be verified; absent where that is always so. */
  ready?: () => Promise<void>;
};

/** The token is missing, broken, expired or names no usable role. Never says which value was wrong. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

/** Whether the token is valid can't be told: the keys of its issuer are not known, and it does not answer. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

export type TokenRules = {
  issuer: string;
  audience: string;
  /** Only of asymmetric kinds: with a shared secret whoever verifies could sign as well. */
  algorithms: readonly string[];
  clock: () => Date;
  /** How far the issuer's clock may be off, in seconds. */
  skewS?: number;
  /** Where the roles stand, with dots for objects within objects; `roles` unless told. */
  rolesClaim?: string;
  /** How long a token may be valid from its issue, in seconds. */
  longestS?: number;
  /** How long a verified token is remembered at most, in milliseconds; as long as it is valid unless told. */
  rememberMs?: number;
};

const CACHE_LIMIT = 1000;

/**
 * Verifies tokens of one issuer for one audience. A verified token is remembered (at most 1,000, until it expires),
 * since checking the same signature again for each request costs more than most reads. The key comes from `keyFor`
 * and never from where the token's own header points to. Throws InvalidTokenError, and whatever `keyFor` throws.
 */
export function tokenVerifier(keyFor: (header: JWTHeaderParameters) => Promise<CryptoKey>, rules: TokenRules): TokenVerifier {
  const { issuer, audience, clock, skewS = 0, rolesClaim = 'roles', longestS = Infinity, rememberMs = Infinity } = rules;
  const algorithms = [...rules.algorithms];
  const known = new Map<string, { user: AuthenticatedUser; until: number }>();
  return {
    verify: async (token) => {
      const remembered = known.get(token);
      if (remembered && remembered.until > clock().getTime()) return remembered.user;
      known.delete(token);
      const { user, exp } = await check(token);
      if (known.size >= CACHE_LIMIT) known.delete(known.keys().next().value ?? '');
      known.set(token, { user, until: Math.min(exp * 1000, clock().getTime() + rememberMs) });
      return user;
    },
  };

  async function check(token: string) {
    try {
      const { payload } = await jwtVerify(token, understood, {
        algorithms,
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: skewS,
        currentDate: clock(),
      });
      const told = userOf(payload, rolesClaim);
      if (told.iat > clock().getTime() / 1000 + skewS || told.exp - told.iat > longestS) throw new InvalidTokenError('invalid token');
      return told;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw new InvalidTokenError('invalid token');
      throw error;
    }
  }

  /** Whoever marks a header as critical wants it understood or the token refused (RFC 7515, 4.1.11). */
  function understood(header: JWTHeaderParameters): Promise<CryptoKey> {
    if ('crit' in header) throw new InvalidTokenError('invalid token');
    return keyFor(header);
  }
}
