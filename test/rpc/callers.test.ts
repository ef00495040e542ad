// Real: HTTP/2 on loopback, tokens. Stand-ins: the verbs of the services, which are never to be reached by a wrong caller.
import { create, type DescMethodUnary, type DescService } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { type CryptoKey, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { SERVED } from '../../runtime/rpc/routes.ts';
import type { Services } from '../../runtime/services.ts';
import { CALLERS, type Caller, serviceTokens } from '../../services/common/rpc/index.ts';
import { overHttp2, type OverHttp2 } from './support.ts';

const reached: string[] = [];
const verbsOf = (name: ServiceName) =>
  Object.fromEntries(
    Object.keys(SERVED[name].table).map((verb) => [
      verb,
      async () => {
        reached.push(verb);
        throw new Error('reached');
      },
    ]),
  );
let wire: OverHttp2;

beforeAll(async () => {
  wire = await overHttp2({ services: Object.fromEntries(SERVICES.map((name) => [name, verbsOf(name)])) as Partial<Services> });
});
afterAll(() => wire.stop());

/** The gRPC status that a method answers to this token. */
async function statusOf(desc: DescService, method: string, token: string | null): Promise<Code> {
  const client = createClient(desc, createGrpcTransport({ baseUrl: wire.server.url })) as Record<string, (request: unknown, options: object) => Promise<unknown>>;
  const headers = { 'idempotency-key': 'k', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  try {
    await client[method]!(create((desc.method[method] as DescMethodUnary).input), { headers });
  } catch (error) {
    return ConnectError.from(error).code;
  }
  throw new Error('was answered');
}

const tokenOf = (caller: Caller, service: string) => serviceTokens(caller, wire.keys.privateKeys[caller]!)(service);

describe.each(SERVICES)('every method of the %s service', (name) => {
  const { desc, table } = SERVED[name];

  it('is in the table of who may call it, once', () => {
    expect(Object.values(table).map(({ method }) => method).toSorted()).toEqual(Object.keys(desc.method).toSorted());
  });

  it.each(CALLERS)('is reached by %s where the table says so, and refused with PERMISSION_DENIED everywhere else', async (caller) => {
    const token = await tokenOf(caller, name);
    for (const [verb, { method, callers }] of Object.entries(table)) {
      reached.length = 0;
      const may = callers.includes(caller);
      expect(await statusOf(desc, method, token), `${caller} → ${method}`).toBe(may ? Code.Internal : Code.PermissionDenied);
      expect(reached).toEqual(may ? [verb] : []);
    }
  });
});

describe('UNAUTHENTICATED is who', () => {
  const { desc } = SERVED.site;
  const status = (token: string | null) => statusOf(desc, 'getSite', token);
  const signed = async (key: CryptoKey, claims: { iss?: string; kid?: string; aud?: string; ageS?: number; alg?: string } = {}) => {
    const at = Math.floor(Date.now() / 1000) - (claims.ageS ?? 0);
    return new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', kid: claims.kid ?? 'api' })
      .setIssuer(claims.iss ?? 'api')
      .setAudience(claims.aud ?? 'trial-enrollment/site')
      .setIssuedAt(at)
      .setExpirationTime(at + 60)
      .sign(key);
  };
  const api = () => wire.keys.privateKeys.api!;

  it('comes without a token, or with something else', async () => {
    expect(await status(null)).toBe(Code.Unauthenticated);
    expect(await status('no-token')).toBe(Code.Unauthenticated);
  });
  it('has a token for another service', async () => {
    expect(await status(await tokenOf('api', 'study'))).toBe(Code.Unauthenticated);
  });
  it('signs with a key that nobody knows', async () => {
    const { privateKey } = await generateKeyPair('EdDSA');
    expect(await status(await signed(privateKey))).toBe(Code.Unauthenticated);
  });
  it('signs for another: by the name of the key, or of the issuer', async () => {
    const { edc } = wire.keys.privateKeys;
    expect(await status(await signed(edc!, { kid: 'edc', iss: 'api' }))).toBe(Code.Unauthenticated);
    expect(await status(await signed(edc!, { kid: 'api', iss: 'api' }))).toBe(Code.Unauthenticated);
    expect(await status(await signed(api(), { kid: 'stranger', iss: 'stranger' }))).toBe(Code.Unauthenticated);
  });
  it('has a token that has expired', async () => {
    expect(await status(await signed(api(), { ageS: 120 }))).toBe(Code.Unauthenticated);
    expect(await status(await signed(api()))).toBe(Code.Internal);
  });
});
