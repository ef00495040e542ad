import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { uuidv7 } from 'uuidv7';
import { type AuthenticatedUser, type TokenVerifier, tokenVerifier } from '../api/auth/token.ts';
import type { Config } from './config.ts';
import { ensureEmbeddedIssuer } from './ensure-issuer.ts';
import { keyFiles } from './keys.ts';
import { madeOnce } from './made-once.ts';

const ISSUER = 'trial-enrollment/embedded';
const AUDIENCE = 'trial-enrollment';

export type DevIssuer = TokenVerifier & {
  /** Signs a token for this person, valid for `validForMs` (12 hours unless told), authenticated just now unless told. */
  sign(user: AuthenticatedUser, options?: { validForMs?: number }): Promise<string>;
};

/** The embedded issuer where it may run. Throws StartupError in production, and where another issuer is configured. */
export async function embeddedIssuer(config: Pick<Config, 'NODE_ENV' | 'OIDC_ISSUER' | 'DATA_DIR'>): Promise<DevIssuer> {
  ensureEmbeddedIssuer(config);
  return createDevIssuer({ keyFile: keyFiles(config.DATA_DIR).issuer });
}

/**
 * The issuer of the embedded set-up, for development and demonstration: makes the key on first use (ES256, a file
 * that only its owner can read) and shares it between the server and the token command. Two first uses at once
 * end with the same key.
 */
export async function createDevIssuer(options: { keyFile: string; clock?: () => Date }): Promise<DevIssuer> {
  const { keyFile, clock = () => new Date() } = options;
  const jwk = JSON.parse(await madeOnce(keyFile, freshKey)) as JWK;
  const { d: _private, ...publicJwk } = jwk;
  const [privateKey, publicKey] = (await Promise.all([importJWK(jwk, 'ES256'), importJWK(publicJwk, 'ES256')])) as [
    CryptoKey,
    CryptoKey,
  ];
  const { verify } = tokenVerifier(async () => publicKey, { issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'], clock });
  return {
    verify,
    sign: (user, { validForMs = 12 * 3_600_000 } = {}) => {
      const now = Math.floor(clock().getTime() / 1000);
      const { id, name, role, sites, studies, patientId: patient, authTime = now, acr, amr, tokenId: jti = uuidv7(), sessionId: sid } = user;
      // What is undefined does not get into JSON.
      return new SignJWT({ name, roles: [role], sites, studies, auth_time: authTime, patient, acr, amr, jti, sid })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
        .setSubject(id)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(now)
        .setExpirationTime(now + Math.ceil(validForMs / 1000))
        .sign(privateKey);
    },
  };
}

async function freshKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}
