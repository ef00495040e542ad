import { z } from 'zod';
import { ROLES, type Role, type User, userId } from '../../services/common/index.ts';

/**
 * Who calls, as the token says: codes of sites and studies, the person's own id for the role `patient`, and when and
 * how the person last proved to be there (`auth_time` in seconds since the epoch, `acr` and `amr` of OpenID Connect).
 */
export type AuthenticatedUser = User & {
  sites: string[];
  studies: string[];
  patientId?: string;
  authTime?: number;
  acr?: string;
  amr?: string[];
  /** `jti` and `sid` of the token, where its issuer says them. */
  tokenId?: string;
  sessionId?: string;
};

/** What only some issuers say is left out, not refused, when it has another form: nothing is granted by its absence. */
const words = (max: number) => z.string().min(1).max(max).optional().catch(undefined);

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
  acr: words(200),
  amr: z.array(z.string().max(50)).max(20).optional().catch(undefined),
  jti: words(200),
  sid: words(200),
  iat: z.number(),
  exp: z.number(),
});

/** The person of a verified token, and its times in seconds. Throws ZodError. */
export function userOf(payload: Record<string, unknown>, rolesClaim: string): { user: AuthenticatedUser; iat: number; exp: number } {
  const told = claims.parse({ ...payload, roles: claimAt(payload, rolesClaim) });
  const { sub, name, roles, sites, studies, patient: patientId, auth_time: authTime, acr, amr, jti: tokenId, sid: sessionId, iat, exp } = told;
  const optional = { patientId, authTime, acr, amr, tokenId, sessionId };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { user: { id: sub, name, role: roles[0], sites, studies, ...given }, iat, exp };
}

/** A claim by its name, which may itself have dots (a URL), otherwise by the path that the dots make. */
function claimAt(payload: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path.split('.').reduce<unknown>((at, name) => (typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined), payload);
}
