import { type CryptoKey, errors, jwtVerify, SignJWT } from 'jose';

/** The processes that call services, and the operators' own tools. */
export const CALLERS = ['api', 'patient', 'study', 'site', 'edc', 'notification', 'ops'] as const;
export type Caller = (typeof CALLERS)[number];

const callerNamed = (name: string | undefined) => CALLERS.find((one) => one === name);

const LIFETIME_S = 60;
/** A token is made anew when less than this is left of it, so that none expires on its way. */
const RENEW_BEFORE_S = 20;
const MOST_REMEMBERED = 1000;

const audienceOf = (service: string) => `trial-enrollment/${service}`;

/** Signs short-lived tokens of one caller (RFC 7519, Ed25519), one per service that is called. */
export function serviceTokens(caller: Caller, privateKey: CryptoKey) {
  const made = new Map<string, { token: Promise<string>; until: number }>();
  return (service: string): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const known = made.get(service);
    if (known && now < known.until - RENEW_BEFORE_S) return known.token;
    const until = now + LIFETIME_S;
    const token = new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', kid: caller })
      .setIssuer(caller)
      .setAudience(audienceOf(service))
      .setIssuedAt(now)
      .setExpirationTime(until)
      .sign(privateKey);
    made.set(service, { token, until });
    return token;
  };
}

export type ServiceTokens = ReturnType<typeof serviceTokens>;

/** Who sent this token, or null for one that is not meant for `service`, is forged, or has expired. */
export function callerVerifier(service: string, publicKeys: Readonly<Partial<Record<Caller, CryptoKey>>>) {
  // A caller sends the same token for most of a minute; checking a signature takes longer than most reads.
  const verified = new Map<string, { caller: Caller; until: number }>();
  const publicKeyOf = (kid: string | undefined) => {
    const caller = callerNamed(kid);
    const key = caller && publicKeys[caller];
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  return async (token: string): Promise<Caller | null> => {
    const now = Date.now() / 1000;
    const known = verified.get(token);
    if (known) return now < known.until ? known.caller : null;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => publicKeyOf(kid), {
        algorithms: ['EdDSA'],
        audience: audienceOf(service),
        requiredClaims: ['exp', 'iss'],
        maxTokenAge: LIFETIME_S,
        clockTolerance: 5,
      });
      const caller = callerNamed(payload.iss);
      // Each signs for itself only.
      if (!caller || protectedHeader.kid !== caller) return null;
      if (verified.size >= MOST_REMEMBERED) verified.clear();
      verified.set(token, { caller, until: payload.exp! });
      return caller;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}

export type CallerVerifier = ReturnType<typeof callerVerifier>;
