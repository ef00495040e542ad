// Real: an OpenID Connect issuer over HTTP, its keys, the API on services and PostgreSQL. Time is the test's.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TokenVerifier } from '../../api/auth/token.ts';
import { readConfig } from '../../runtime/config.ts';
import { oidcVerifier } from '../../runtime/oidc/oidc-verifier.ts';
import { readinessOf } from '../../runtime/readiness.ts';
import { startTestApi, type TestApi } from '../api/support.ts';
import { testLog } from '../support/log.ts';
import { payloadOf, type Signing, startIssuer, type TestIssuer, tokenOf } from './issuer.ts';

const START_MS = Date.parse('2026-11-22T08:00:00Z');
let elapsedMs = 0;
const seconds = () => (START_MS + elapsedMs) / 1000;

let issuer: TestIssuer;
let verifier: TokenVerifier & { ready: () => Promise<void> };
let api: TestApi;

/** The API as it starts on this configuration; the issuer may be asked at once. */
function configured(env: Record<string, string> = {}) {
  const config = readConfig({ OIDC_ISSUER: issuer.url, ...env });
  verifier = oidcVerifier({ ...config, OIDC_ISSUER: config.OIDC_ISSUER! }, { log: testLog, clock: () => new Date(START_MS + elapsedMs), now: () => elapsedMs });
}

beforeAll(async () => {
  api = await startTestApi({ deps: { auth: { verify: (token) => verifier.verify(token) } } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  elapsedMs = 0;
  issuer = await startIssuer(seconds);
  await issuer.addKey('ec-1', 'ES256');
  configured();
});
afterEach(() => issuer.stop());

const call = (token: string) => api.anonymous('GET', '/sites', { headers: { Authorization: `Bearer ${token}` } });
const statusOf = async (token: string) => (await call(token)).status;
const signed = async (claims: Record<string, unknown> = {}, signing: Signing = {}) => statusOf(await issuer.sign('ec-1', claims, signing));
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const keyRequests = () => issuer.requests.filter((path) => path === '/keys').length;

describe('a token of the configured issuer', () => {
  test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('signed with %s is taken', async (alg) => {
    await issuer.addKey('another', alg);
    // The issuer is not asked again at once.
    elapsedMs += 10_000;
    expect(await statusOf(await issuer.sign('another'))).toBe(200);
  });

  test('is refused when it is signed in a way that is not configured, and taken where it is', async () => {
    await issuer.addKey('es384', 'ES384');
    expect(await statusOf(await issuer.sign('es384'))).toBe(401);
    configured({ OIDC_ALGORITHMS: 'ES384' });
    expect([await statusOf(await issuer.sign('es384')), await signed()]).toEqual([200, 401]);
  });

  test.each([
    ['another issuer', { iss: 'https://issuer.example' }],
    ['this issuer but for a slash', () => ({ iss: `${issuer.url}/` })],
    ['another audience', { aud: 'another-api' }],
    ['no audience among several', { aud: ['another-api', 'account'] }],
    ['several roles of ours', { roles: ['coordinator', 'admin'] }],
    ['no role of ours', { roles: ['root'] }],
    ['a role that is one to JavaScript only', { roles: ['constructor'] }],
    ['a user id that could not stand in a log', { sub: 'a b' }],
    ['a lifetime beyond a day', () => ({ exp: seconds() + 86_401 })],
    ['an expiry that is no number', { exp: '9999999999' }],
  ])('is refused with %s', async (_what, claims) => {
    expect(await signed()).toBe(200);
    expect(await signed(typeof claims === 'function' ? claims() : claims)).toBe(401);
  });

  test.each(['exp', 'iat', 'sub', 'aud', 'iss', 'name', 'roles'])('is refused without %s', async (claim) => {
    expect(await signed({}, { without: [claim] })).toBe(401);
  });

  test('may be for several audiences, and for a configured one', async () => {
    expect(await signed({ aud: ['account', 'trial-enrollment'] })).toBe(200);
    configured({ OIDC_AUDIENCE: 'enrollment-api' });
    expect([await signed({ aud: 'enrollment-api' }), await signed()]).toEqual([200, 401]);
  });

  test('holds within the clock skew, and not beyond', async () => {
    const now = seconds();
    const inside = [{ exp: now - 29 }, { nbf: now + 30 }, { iat: now + 30 }];
    const outside = [{ exp: now - 30 }, { nbf: now + 31 }, { iat: now + 31 }];
    for (const claims of inside) expect(await signed({ iat: now - 60, ...claims }), JSON.stringify(claims)).toBe(200);
    for (const claims of outside) expect(await signed({ iat: now - 60, ...claims }), JSON.stringify(claims)).toBe(401);
    configured({ OIDC_CLOCK_SKEW_S: '0' });
    expect([await signed({ nbf: now }), await signed({ nbf: now + 1 })]).toEqual([200, 401]);
  });

  test('ends, although it is remembered', async () => {
    const token = await issuer.sign('ec-1', { exp: seconds() + 40 });
    expect(await statusOf(token)).toBe(200);
    elapsedMs = 71_000;
    expect(await statusOf(token)).toBe(401);
  });

  test('may have its role elsewhere: in an object, under a name with dots, and only there', async () => {
    configured({ OIDC_ROLES_CLAIM: 'realm_access.roles' });
    expect(await signed({ roles: ['admin'], realm_access: { roles: ['offline_access', 'coordinator'] } })).toBe(200);
    expect(await signed({ roles: ['admin'] })).toBe(401);
    expect(await signed({ realm_access: 'roles' })).toBe(401);
    configured({ OIDC_ROLES_CLAIM: 'https://hospital.example/roles' });
    expect(await signed({ 'https://hospital.example/roles': ['coordinator'] })).toBe(200);
    configured({ OIDC_ROLES_CLAIM: 'constructor.name' });
    expect(await signed()).toBe(401);
  });

  test('says how and when its person authenticated, in which session, and which token it is; what has no usable form is left out', async () => {
    const claims = { auth_time: seconds() - 5, acr: 'gold', amr: ['pwd', 'otp'], jti: 'token-1', sid: 'session-1' };
    expect(await verifier.verify(await issuer.sign('ec-1', claims))).toMatchObject({ authTime: seconds() - 5, acr: 'gold', amr: ['pwd', 'otp'], tokenId: 'token-1', sessionId: 'session-1' });
    const user = await verifier.verify(await issuer.sign('ec-1', { acr: 1, amr: 'pwd', jti: '' }));
    expect(Object.keys(user).filter((name) => ['acr', 'amr', 'tokenId', 'sessionId'].includes(name))).toEqual([]);
  });

  test('of a patient that names no person reaches nobody’s record', async () => {
    const token = await issuer.sign('ec-1', { roles: ['patient'] });
    const answer = await api.anonymous('GET', '/enrollments', { headers: { Authorization: `Bearer ${token}` } });
    expect([answer.status, answer.body.items]).toEqual([200, []]);
    const patient = await api.anonymous('GET', '/patients/01920000-0000-7000-8000-000000000001', { headers: { Authorization: `Bearer ${token}` } });
    expect(patient.status).toBe(404);
  });
});

describe('a token that nobody we trust has signed', () => {
  test('is refused: without a signature, whatever its header calls that', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const signature of ['', 'x']) expect(await statusOf(`${encoded({ alg, kid: 'ec-1' })}.${encoded(payloadOf(issuer.url, seconds()))}.${signature}`)).toBe(401);
    }
  });

  test('is refused: signed with the public key as if it were a shared secret', async () => {
    const { publicKey } = await issuer.addKey('rsa-1', 'RS256');
    elapsedMs += 10_000;
    const pem = await exportSPKI(publicKey);
    expect(await statusOf(await issuer.sign('rsa-1'))).toBe(200);
    for (const secret of [pem, pem.trim(), JSON.stringify(await exportJWK(publicKey))]) {
      const said = `${encoded({ alg: 'HS256', kid: 'rsa-1', typ: 'JWT' })}.${encoded(payloadOf(issuer.url, seconds()))}`;
      expect(await statusOf(`${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`)).toBe(401);
    }
  });

  test('is refused: with the algorithm of another kind of key', async () => {
    const [, payload, signature] = (await issuer.sign('ec-1')).split('.');
    expect(await statusOf(`${encoded({ alg: 'RS256', kid: 'ec-1' })}.${payload}.${signature}`)).toBe(401);
  });

  test('is refused: changed after it was signed', async () => {
    const [header, , signature] = (await issuer.sign('ec-1')).split('.');
    expect(await statusOf(`${header}.${encoded({ ...payloadOf(issuer.url, seconds()), roles: ['admin'] })}.${signature}`)).toBe(401);
  });

  test('is refused: by another key under the same key id, or without one, and says no more than a made-up key id does', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await tokenOf(privateKey, { alg: 'ES256', kid: 'ec-1' }, [], payloadOf(issuer.url, seconds()));
    const unnamed = await tokenOf(privateKey, { alg: 'ES256' }, [], payloadOf(issuer.url, seconds()));
    const unknown = await tokenOf(privateKey, { alg: 'ES256', kid: 'ec-2' }, [], payloadOf(issuer.url, seconds()));
    const answers = await Promise.all([forged, unnamed, unknown].map(call));
    const comparable = answers.map(({ status, headers, text }) => ({ status, text: text.replace(/"traceId":"[^"]+"/, ''), headers: [...headers].filter(([name]) => !['x-request-id', 'traceresponse'].includes(name)) }));
    expect(comparable[0]?.status).toBe(401);
    expect(comparable).toEqual([comparable[0], comparable[0], comparable[0]]);
  });

  test('is refused when its header brings the key or says where it is, and nobody is asked there', async () => {
    let asked = 0;
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'evil', alg: 'ES256' };
    const evil = createServer((_request, response) => ((asked += 1), response.end(JSON.stringify({ keys: [jwk] })))).listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/keys`;
    for (const kid of ['evil', 'ec-1', url, '../../keys']) {
      for (const header of [{ jku: url }, { x5u: url }, { jwk }, { jku: url, jwk, x5c: ['MIIB'] }]) {
        elapsedMs += 11_000;
        expect(await statusOf(await tokenOf(privateKey, { alg: 'ES256', kid, ...header }, [], payloadOf(issuer.url, seconds()))), JSON.stringify({ kid, header })).toBe(401);
      }
    }
    evil.close();
    expect(asked).toBe(0);
  });

  test('is refused when its header marks something as critical, even if well signed', async () => {
    const [, payload] = (await issuer.sign('ec-1')).split('.');
    for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: true }]) {
      const { privateKey } = await issuer.addKey('crit-1', 'ES256');
      elapsedMs += 11_000;
      const said = `${encoded({ alg: 'ES256', kid: 'crit-1', ...header })}.${payload}`;
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, Buffer.from(said));
      expect(await statusOf(`${said}.${Buffer.from(signature).toString('base64url')}`)).toBe(401);
    }
  });

  test('is refused unread when it is huge, and when it is no token', async () => {
    const huge = await issuer.sign('ec-1', { padding: 'x'.repeat(8000) });
    for (const token of [huge, 'a.b', 'a.b.c', '..', '.'.repeat(5000)]) expect(await statusOf(token)).toBe(401);
  });
});

describe('the issuer’s keys', () => {
  test('are found by discovery, and asked for once for many requests', async () => {
    const token = await issuer.sign('ec-1');
    const others = await Promise.all([1, 2, 3].map((n) => issuer.sign('ec-1', { sub: `doctor-${n}` })));
    expect(await Promise.all([token, ...others].map(statusOf))).toEqual([200, 200, 200, 200]);
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  test('are taken from the configured place without discovery', async () => {
    issuer.says.discovery = { issuer: 'https://other.example' };
    configured({ OIDC_JWKS_URL: `${issuer.url}/keys` });
    expect(await signed()).toBe(200);
  });

  test('rotate: a new key counts at once, the old one until it is withdrawn, also for remembered tokens', async () => {
    const old = await issuer.sign('ec-1');
    expect(await statusOf(old)).toBe(200);
    await issuer.addKey('ec-2', 'ES256');
    elapsedMs += 10_000;
    expect(await statusOf(await issuer.sign('ec-2'))).toBe(200);
    expect(await statusOf(old)).toBe(200);
    const later = await issuer.sign('ec-1', { exp: seconds() + 3600, jti: 'later' });
    issuer.removeKey('ec-1');
    elapsedMs += 10 * 60_000;
    expect(await statusOf(later)).toBe(401);
    expect(await statusOf(await issuer.sign('ec-2'))).toBe(200);
  });

  test('are not asked for again by every token with a made-up key id', async () => {
    expect(await signed()).toBe(200);
    const { privateKey } = await generateKeyPair('ES256');
    const madeUp = (n: number) => tokenOf(privateKey, { alg: 'ES256', kid: `made-up-${n}` }, [], payloadOf(issuer.url, seconds()));
    elapsedMs += 10_000;
    for (let n = 0; n < 20; n += 1) expect(await statusOf(await madeUp(n))).toBe(401);
    await Promise.all(Array.from({ length: 20 }, async (_, n) => expect(await statusOf(await madeUp(100 + n))).toBe(401)));
    expect(keyRequests()).toBe(2);
  });

  test('go on verifying while the issuer is away, up to a day; new tokens are then 503, never 401 and never taken', async () => {
    const signer = await issuer.sign('ec-1');
    expect(await statusOf(signer)).toBe(200);
    await issuer.addKey('ec-2', 'ES256');
    issuer.away = true;
    for (const hours of [0.1, 1, 23]) {
      elapsedMs = hours * 3_600_000;
      expect(await signed({ jti: `at-${hours}` })).toBe(200);
      await expect(verifier.ready()).resolves.toBeUndefined();
    }
    expect(await statusOf(await issuer.sign('ec-2'))).toBe(503);
    elapsedMs = 25 * 3_600_000;
    expect(await signed({ jti: 'too-late' })).toBe(503);
  });

  test('that are not known yet are a 503 with Retry-After, which ends by itself', async () => {
    issuer.away = true;
    configured();
    const token = await issuer.sign('ec-1');
    const answer = await call(token);
    expect([answer.status, answer.body.code, answer.headers.get('Retry-After')]).toEqual([503, 'issuer_unavailable', '2']);
    await expect(verifier.ready()).rejects.toThrow();
    issuer.away = false;
    elapsedMs += 2000;
    expect(await statusOf(token)).toBe(200);
    await expect(verifier.ready()).resolves.toBeUndefined();
  });

  test.each([
    ['a discovery document of another issuer', { discovery: { issuer: 'https://other.example', jwks_uri: 'KEYS' } }],
    ['keys at a place without TLS', { discovery: { issuer: 'ISSUER', jwks_uri: 'http://keys.example/' } }],
    ['something else than keys', { keys: { nothing: true } }],
    ['a shared secret', { keys: { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'ec-1' }] } }],
    ['documents without end', { keys: { keys: [], padding: 'x'.repeat(300_000) } }],
    ['a redirect', { redirect: 'KEYS' }],
  ])('are not taken from an issuer that answers %s', async (_what, says) => {
    issuer.says = JSON.parse(JSON.stringify(says).replaceAll('ISSUER', issuer.url).replaceAll('KEYS', `${issuer.url}/keys`)) as TestIssuer['says'];
    configured();
    expect(await signed()).toBe(503);
    issuer.says = {};
    elapsedMs += 2000;
    expect(await signed()).toBe(200);
  });

  test('of which some can’t be used leave the others in use', async () => {
    const { publicKey } = await issuer.addKey('ec-3', 'ES256');
    const weak = { kty: 'RSA', kid: 'weak', alg: 'RS256', use: 'sig', e: 'AQAB', n: 'x'.repeat(171) };
    const broken = { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AA', y: 'AA' };
    issuer.says.keys = { keys: [weak, broken, { ...(await exportJWK(publicKey)), kid: 'ec-3' }] };
    configured();
    expect(await statusOf(await issuer.sign('ec-3'))).toBe(200);
    for (const [kid, alg] of [['weak', 'RS256'], ['broken', 'ES256']]) expect(await statusOf(await issuer.sign('ec-3', {}, { header: { kid, alg: 'ES256' } }).then((token) => token.replace(/^[^.]+/, encoded({ alg, kid }))))).toBe(401);
  });

  test('are named by /readyz', async () => {
    const client = { connection: { withDeadline: async () => ({}) } } as never;
    const readiness = () => readinessOf({ databases: [], client, issuer: verifier.ready })();
    expect(await readiness()).toEqual({ temporal: 'ok', issuer: 'ok' });
    issuer.away = true;
    expect(await readiness()).toEqual({ temporal: 'ok', issuer: 'ok' });
    configured();
    expect(await readiness()).toEqual({ temporal: 'ok', issuer: 'unavailable' });
  });
});

describe('the configuration of an issuer', () => {
  test.each([
    [{ OIDC_ISSUER: 'http://issuer.example' }, 'OIDC_ISSUER'],
    [{ OIDC_ISSUER: 'issuer.example' }, 'OIDC_ISSUER'],
    [{ OIDC_ISSUER: 'https://issuer.example/?x=1' }, 'OIDC_ISSUER'],
    [{ OIDC_ISSUER: 'https://issuer.example', OIDC_JWKS_URL: 'http://127.0.0.1.example/keys' }, 'OIDC_JWKS_URL'],
    [{ OIDC_JWKS_URL: 'https://issuer.example/keys' }, 'OIDC_JWKS_URL'],
    [{ OIDC_ALGORITHMS: 'ES256,HS256' }, 'OIDC_ALGORITHMS'],
    [{ OIDC_ALGORITHMS: 'none' }, 'OIDC_ALGORITHMS'],
    [{ OIDC_CLOCK_SKEW_S: '3600' }, 'OIDC_CLOCK_SKEW_S'],
    [{ OIDC_SIGNING_ACR: 'gold", error="' }, 'OIDC_SIGNING_ACR'],
  ])('is refused: %j', (env, name) => {
    expect(() => readConfig(env)).toThrow(name);
  });
});
