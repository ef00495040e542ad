import type { JWK } from 'jose';
import { z } from 'zod';
import { getJson } from './get-json.ts';

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const jwk = z.looseObject({ kty: z.string(), use: z.string().optional(), n: z.string().optional() });
const keySet = z.object({ keys: z.array(jwk).max(100) });

/** 2048 bits in base64url: RSA keys below that are not to be trusted, and no library of ours would use them. */
const SHORTEST_MODULUS = 342;

/** The issuer's public keys for signatures, from `jwksUrl`, otherwise from where its discovery document says. */
export async function loadKeys({ issuer, jwksUrl }: { issuer: string; jwksUrl?: string | undefined }): Promise<JWK[]> {
  const { keys } = keySet.parse(await getJson(jwksUrl ?? (await discoveredUrl(issuer))));
  const usable = keys.filter(isForSignatures);
  if (usable.length === 0) throw new Error('no key for signatures');
  return usable as JWK[];
}

/** OpenID Connect Discovery 1.0, 4: a document that names another issuer is not this issuer's. */
async function discoveredUrl(issuer: string): Promise<string> {
  const told = discovery.parse(await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`));
  if (told.issuer !== issuer) throw new Error('the discovery document is of another issuer');
  return told.jwks_uri;
}

/** Neither shared secrets, nor what should never have been published, nor keys for encryption, nor short ones. */
function isForSignatures(key: z.output<typeof jwk>): boolean {
  const { kty, use, n = '' } = key;
  return !('d' in key) && (use === undefined || use === 'sig') && (kty === 'EC' || kty === 'OKP' || (kty === 'RSA' && n.length >= SHORTEST_MODULUS));
}
