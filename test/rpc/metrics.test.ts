// Real: PostgreSQL, the Site service, HTTP/2 on loopback. Stand-in: a Study that never answers.
import { Registry } from 'prom-client';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rpcMetrics } from '../../runtime/rpc/metrics.ts';
import { openChannels, type Channels } from '../../runtime/rpc/channels.ts';
import { composeServices } from '../../runtime/services.ts';
import { siteService } from '../../services/site/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { ctx, overHttp2, type OverHttp2 } from './support.ts';

let database: TestDatabase;
let wire: OverHttp2;
let channels: Channels;
const atServer = new Registry();
const atClient = new Registry();
const CODE = 'SECRET-CODE-9';

beforeAll(async () => {
  database = await createTestDatabase();
  const study = { findProtocolVersion: () => new Promise<never>(() => undefined), consentIsCurrent: () => new Promise<never>(() => undefined) };
  const site = siteService({ db: database.connect('site'), clock: () => new Date(), study });
  wire = await overHttp2({ services: { site, study: { getStudy: () => new Promise<never>(() => undefined), listStudies: () => Promise.reject(new Error(CODE)) } as never }, metrics: rpcMetrics(atServer) });
  channels = openChannels({ ...wire.reach, edgeDeadlineMs: 300, metrics: rpcMetrics(atClient) });
});
afterAll(async () => {
  channels.close();
  await wire.stop();
  await database.drop();
});

/** The value of a series, whose labels are given as they stand in the text. */
const valueOf = async (registry: Registry, series: string) => {
  const line = (await registry.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};

describe('what is told of calls between services', () => {
  it('counts those that are answered and those that are refused by their code, on both sides', async () => {
    const { site } = channels.clientsOf('api');
    await site.listSites({ ctx, input: { limit: 10 } });
    await site.createSite({ ctx, key: uuidv7(), input: { code: CODE, name: 'A secret name', timezone: 'UTC' } });
    await expect(site.createSite({ ctx, key: uuidv7(), input: { code: CODE, name: 'Another', timezone: 'UTC' } })).rejects.toMatchObject({ code: 'site_code_taken' });
    const sent = (method: string, code: string) => valueOf(atClient, `rpc_client_calls_total{caller="api",callee="site",method="${method}",code="${code}"}`);
    const answered = (method: string, code: string) => valueOf(atServer, `rpc_server_calls_total{service="site",method="${method}",code="${code}"}`);
    for (const counted of [sent, answered]) {
      expect(await counted('ListSites', 'ok')).toBe(1);
      expect(await counted('CreateSite', 'ok')).toBe(1);
      expect(await counted('CreateSite', 'site_code_taken')).toBe(1);
    }
    expect(await valueOf(atClient, 'rpc_client_duration_seconds_count{caller="api",callee="site"}')).toBe(3);
    expect(await valueOf(atServer, 'rpc_server_duration_seconds_count{service="site"}')).toBe(3);
  });

  it('counts who was refused at the door', async () => {
    const stranger = openChannels({ ...wire.reach, serviceKeys: { ...wire.keys, privateKeys: { api: wire.keys.privateKeys.edc! } } });
    await expect(stranger.clientsOf('api').site.listSites({ ctx, input: { limit: 10 } })).rejects.toThrow();
    stranger.close();
    expect(await valueOf(atServer, 'rpc_server_calls_total{service="site",method="ListSites",code="unauthenticated"}')).toBe(1);
  });

  it('counts what nobody foresaw as internal, on both sides', async () => {
    await expect(channels.clientsOf('api').study.listStudies({ ctx, input: { limit: 10 } })).rejects.toThrow();
    expect(await valueOf(atServer, 'rpc_server_calls_total{service="study",method="ListStudies",code="internal"}')).toBe(1);
    expect(await valueOf(atClient, 'rpc_client_calls_total{caller="api",callee="study",method="ListStudies",code="internal"}')).toBe(1);
  });

  it('counts what could not even be sent as internal, at the caller alone', async () => {
    const registry = new Registry();
    const keyless = openChannels({ ...wire.reach, serviceKeys: { ...wire.keys, privateKeys: {} }, metrics: rpcMetrics(registry) });
    await expect(keyless.clientsOf('api').site.listSites({ ctx, input: { limit: 10 } })).rejects.toThrow();
    keyless.close();
    expect(await valueOf(registry, 'rpc_client_calls_total{caller="api",callee="site",method="ListSites",code="internal"}')).toBe(1);
  });

  it('shows retries, timeouts, and the circuit that they open', async () => {
    const { study } = channels.clientsOf('api');
    const circuit = () => valueOf(atClient, 'rpc_circuit_state{caller="api",callee="study"}');
    expect(await circuit()).toBe(0);
    const asked = Array.from({ length: 20 }, () => study.getStudy({ ctx, input: { studyId: uuidv7() } }));
    expect((await Promise.allSettled(asked)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(await circuit()).toBe(2);
    expect(await valueOf(atClient, 'rpc_client_events_total{caller="api",callee="study",event="opened"}')).toBe(1);
    expect(await valueOf(atClient, 'rpc_client_calls_total{caller="api",callee="study",method="GetStudy",code="service_timeout"}')).toBeGreaterThan(0);
    await expect(study.getStudy({ ctx, input: { studyId: uuidv7() } })).rejects.toMatchObject({ code: 'circuit_open' });
    expect(await valueOf(atClient, 'rpc_client_events_total{caller="api",callee="study",event="rejected_open"}')).toBeGreaterThan(0);
    expect(await valueOf(atClient, 'rpc_client_calls_total{caller="api",callee="study",method="GetStudy",code="circuit_open"}')).toBeGreaterThan(0);
  });

  it('holds nothing of what was said, and no service that a caller never asks', async () => {
    const shown = (await atClient.metrics()) + (await atServer.metrics());
    for (const said of [CODE, 'secret', ctx.requestId, '李 Müller', 'doctor-1']) expect(shown).not.toContain(said);
    channels.clientsOf('site');
    expect(await valueOf(atClient, 'rpc_circuit_state{caller="site",callee="study"}')).toBe(0);
    expect(await valueOf(atClient, 'rpc_circuit_state{caller="site",callee="patient"}')).toBeUndefined();
  });

  it('and no circuit of a caller that does not run in the process', async () => {
    const alone = await composeServices({
      hosted: ['site'],
      databaseUrls: { site: database.urlOf('site') },
      databaseTimeoutMs: 5000,
      secrets: TEST_SECRETS,
      serviceKeys: wire.keys,
      clock: () => new Date(),
      opsEmail: null,
      callDeadlineMs: 200,
      edgeDeadlineMs: 200,
    });
    expect(alone.channels.circuits()).toEqual({ study: 'closed' });
    await alone.close();
  });
});
