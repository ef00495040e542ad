import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { AuthenticatedUser, TokenVerifier } from './token.ts';
import { tokenVerifier } from './token.ts';

const ISSUER = 'trial-enrollment/embedded';
const AUDIENCE = 'trial-enrollment';

export type DevIssuer = TokenVerifier & {
  /** Signs a token for this person, valid for `validForMs` (12 hours unless told), authenticated just now unless told. */
  sign(user: AuthenticatedUser, options?: { validForMs?: number }): Promise<string>;
};

/**
 * The issuer of the embedded set-up, for development and demonstration: makes the key on first use (ES256, a file
 * that only its owner can read) and shares it between the server and the token command. Two first uses at once
 * end with the same key.
 */
export async function createDevIssuer(options: { keyFile: string; clock?: () => Date }): Promise<DevIssuer> {
  const { keyFile, clock = () => new Date() } = options;
  const jwk = (await readKey(keyFile)) ?? (await makeKey(keyFile));
  const { d: _private, ...publicJwk } = jwk;
  const [privateKey, publicKey] = (await Promise.all([importJWK(jwk, 'ES256'), importJWK(publicJwk, 'ES256')])) as [
    CryptoKey,
    CryptoKey,
  ];
  const { verify } = tokenVerifier({ publicKey, issuer: ISSUER, audience: AUDIENCE, clock });
  return {
    verify,
    sign: (user, { validForMs = 12 * 3_600_000 } = {}) => {
      const now = Math.floor(clock().getTime() / 1000);
      const { id, name, role, sites, studies, patientId, authTime = now } = user;
      return new SignJWT({ name, roles: [role], sites, studies, auth_time: authTime, ...(patientId === undefined ? {} : { patient: patientId }) })
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

async function readKey(keyFile: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(keyFile, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeKey(keyFile: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  await mkdir(dirname(keyFile), { recursive: true });
  const draft = `${keyFile}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(jwk), { mode: 0o600, flag: 'wx' });
  try {
    // A link appears with its whole content or not at all, and only one of two can make it.
    await link(draft, keyFile);
    return jwk;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await readKey(keyFile) : undefined;
    if (!other) throw error;
    return other;
  } finally {
    await unlink(draft);
  }
}
