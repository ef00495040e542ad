import { type CryptoKey, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { ROLES, type Role, type User, userId } from '../../services/common/index.ts';

/**
 * Who calls, as the token says: codes of sites and studies, the person's own id for the role `patient`, and when the
 * person last proved to be there (`auth_time` of OpenID Connect, seconds since the epoch).
 */
export type AuthenticatedUser = User & { sites: string[]; studies: string[]; patientId?: string; authTime?: number };

export type TokenVerifier = { verify(token: string): Promise<AuthenticatedUser> };

/** The token is missing, broken, expired or names no usable role. Never says which value was wrong. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

const claims = z.object({
  sub: userId,
  name: z.string().min(1).max(200),
  // The trail must say in which role somebody acted, so a token names exactly one of ours; others are not our business.
  roles: z
    .array(z.string())
    .max(50)
    .transform((roles) => roles.filter((role): role is Role => (ROLES as readonly string[]).includes(role)))
    .pipe(z.tuple([z.enum(ROLES)])),
  sites: z.array(z.string().max(40)).max(200).default([]),
  studies: z.array(z.string().max(40)).max(200).default([]),
  patient: z.uuid().optional(),
  auth_time: z.number().optional(),
  exp: z.number(),
});

const CACHE_LIMIT = 1000;

/**
 * Verifies ES256 tokens of one issuer for one audience. A verified token is remembered (at most 1,000, until it
 * expires), since checking the same signature again for each request costs more than most reads.
 * Throws InvalidTokenError.
 */
export function tokenVerifier(options: {
  publicKey: CryptoKey;
  issuer: string;
  audience: string;
  clock: () => Date;
}): TokenVerifier {
  const { publicKey, issuer, audience, clock } = options;
  const known = new Map<string, { user: AuthenticatedUser; expiresAt: number }>();
  return {
    verify: async (token) => {
      const remembered = known.get(token);
      if (remembered && remembered.expiresAt > clock().getTime()) return remembered.user;
      known.delete(token);
      const { user, expiresAt } = await check(token);
      if (known.size >= CACHE_LIMIT) known.delete(known.keys().next().value ?? '');
      known.set(token, { user, expiresAt });
      return user;
    },
  };

  async function check(token: string) {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ['ES256'],
        issuer,
        audience,
        requiredClaims: ['exp', 'sub'],
        currentDate: clock(),
      });
      const { sub, name, roles, sites, studies, patient, auth_time: authTime, exp } = claims.parse(payload);
      const user: AuthenticatedUser = { id: sub, name, role: roles[0], sites, studies };
      if (patient !== undefined) user.patientId = patient;
      if (authTime !== undefined) user.authTime = authTime;
      return { user, expiresAt: exp * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw new InvalidTokenError('invalid token');
      throw error;
    }
  }
}
