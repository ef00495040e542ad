import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type Signing = { header?: Record<string, unknown>; without?: readonly string[] };
export type TestIssuer = {
  url: string;
  /** Paths that were asked for. */
  requests: string[];
  /** Asked while away, it hangs up. */
  away: boolean;
  /** What its documents say instead. */
  says: { discovery?: unknown; keys?: unknown; redirect?: string };
  /** Publishes another key; its private half signs under `kid`. */
  addKey(kid: string, alg: string): Promise<{ privateKey: CryptoKey; publicKey: CryptoKey }>;
  removeKey(kid: string): void;
  /** An access token under this key, with everything a token needs unless `claims` says otherwise. */
  sign(kid: string, claims?: Record<string, unknown>, signing?: Signing): Promise<string>;
  stop(): Promise<void>;
};

/** An OpenID Connect issuer on loopback, with discovery and keys that a test rotates. `seconds` is its clock. */
export async function startIssuer(seconds: () => number): Promise<TestIssuer> {
  const keys = new Map<string, { alg: string; privateKey: CryptoKey; jwk: JWK }>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    issuer.requests.push(path);
    if (issuer.away) return void request.socket.destroy();
    const { says } = issuer;
    if (says.redirect !== undefined) return void response.writeHead(302, { Location: says.redirect }).end();
    const document = path === '/keys' ? (says.keys ?? { keys: [...keys.values()].map(({ jwk }) => jwk) }) : (says.discovery ?? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    away: false,
    says: {},
    addKey: async (kid, alg) => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      keys.set(kid, { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } });
      return { privateKey, publicKey };
    },
    removeKey: (kid) => void keys.delete(kid),
    sign: async (kid, claims = {}, { header = {}, without = [] } = {}) => {
      const { alg, privateKey } = keys.get(kid)!;
      return tokenOf(privateKey, { alg, kid, ...header }, without, { ...payloadOf(issuer.url, seconds()), ...claims });
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return issuer;
}

export function payloadOf(iss: string, now: number): Record<string, unknown> {
  return { iss, aud: 'trial-enrollment', sub: 'doctor-1', name: 'Doctor One', roles: ['coordinator'], sites: ['S1'], iat: now, exp: now + 600 };
}

/** Signed as told, by whatever key, with whatever header. */
export function tokenOf(key: CryptoKey, header: Record<string, unknown>, without: readonly string[], payload: Record<string, unknown>): Promise<string> {
  const claims = Object.fromEntries(Object.entries(payload).filter(([name]) => !without.includes(name)));
  return new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key);
}
