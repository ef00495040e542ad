// Real: HTTP/2 with TLS on loopback, certificates made for this run. Stand-in: the Site service.
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Channels, openChannels } from '../../runtime/rpc/channels.ts';
import { type GrpcServer, startGrpcServer } from '../../runtime/rpc/grpc-server.ts';
import { freshServiceKeys, type ServiceKeys } from '../../runtime/rpc/keys.ts';
import type { RpcTls } from '../../runtime/rpc/tls.ts';
import type { Services } from '../../runtime/services.ts';
import { ctx, openToTheEdge } from './support.ts';

type Authority = { key: string; cert: string };
const authority = async (): Promise<Authority> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Test authority' }], { extensions: [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, digitalSignature: true }] as never });
  return { key, cert };
};
const issued = async (by: Authority, address = '127.0.0.1'): Promise<RpcTls> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'process' }], {
    ca: by, extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: address }] }],
  } as never);
  return { ca: by.cert, cert, key };
};

let keys: ServiceKeys;
let ours: Authority;
let server: GrpcServer;
const opened: Channels[] = [];
let asked = 0;
beforeAll(async () => {
  [keys, ours] = [await freshServiceKeys(), await authority()];
  const site = { getSiteByCode: async () => ((asked += 1), null) };
  server = await startGrpcServer({ services: openToTheEdge({ site } as unknown as Partial<Services>), keys, onUnexpected: () => undefined, tls: await issued(ours), listen: { host: '127.0.0.1', port: 0 } });
});
afterAll(async () => {
  for (const channels of opened) channels.close();
  await server.stop();
});

const askWith = (tls: RpcTls | undefined, url = server.url) => {
  const channels = openChannels({ services: {}, peers: { site: url }, serviceKeys: keys, tls, callDeadlineMs: 3000, edgeDeadlineMs: 3000 });
  opened.push(channels);
  return channels.clientsOf('api').site.getSiteByCode({ ctx, input: { code: 'S1' } });
};

describe('between processes with certificates', () => {
  it('a call goes by TLS 1.3', async () => {
    expect(server.url).toMatch(/^https:/);
    expect(await askWith(await issued(ours))).toBeNull();
    const { cert, key } = await issued(ours);
    const protocol = await new Promise((resolve, reject) => {
      const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', ca: ours.cert, cert, key, ALPNProtocols: ['h2'] }, () => resolve(socket.getProtocol())).on('error', reject);
    });
    expect(protocol).toBe('TLSv1.3');
  });

  it.each<[string, () => Promise<RpcTls | undefined>]>([
    ['without a certificate', async () => ({ ca: ours.cert }) as RpcTls],
    ['with a certificate of another authority', async () => ({ ...(await issued(await authority())), ca: ours.cert })],
    ['that knows another authority only', async () => ({ ...(await issued(ours)), ca: (await authority()).cert })],
    ['with nothing at all', async () => undefined],
  ])('a caller %s reaches nobody', async (_who, tls) => {
    const before = asked;
    await expect(askWith(await tls())).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(asked).toBe(before);
  });

  it('a service whose certificate is for another address is not believed', async () => {
    const elsewhere = await startGrpcServer({ services: {}, keys, onUnexpected: () => undefined, tls: await issued(ours, '10.1.2.3'), listen: { host: '127.0.0.1', port: 0 } });
    await expect(askWith(await issued(ours), elsewhere.url)).rejects.toMatchObject({ code: 'service_unavailable' });
    await elsewhere.stop();
  });

  it('a caller that speaks in plain is not heard, and one that wants TLS speaks to nobody who can’t', async () => {
    await expect(askWith(undefined, server.url.replace('https:', 'http:'))).rejects.toMatchObject({ code: expect.stringMatching(/^service_(unavailable|timeout)$/) });
    const plain = await startGrpcServer({ services: {}, keys, onUnexpected: () => undefined, listen: { host: '127.0.0.1', port: 0 } });
    await expect(askWith(await issued(ours), plain.url.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'service_unavailable' });
    await plain.stop();
  });
});
