// Real: PostgreSQL, the Site service, HTTP/2 on loopback. Stand-in: a Study that never answers.
import type { Registry } from 'prom-client';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exposition, metricsRegistry } from '../../api/exposition.ts';
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
const atServer = metricsRegistry();
const atClient = metricsRegistry();
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

/** The value of a series; its service is one of ours, the other labels are given as they stand in the text. */
const valueOf = async (registry: Registry, name: string, service: string, more = '') => {
  const labels = `grpc_service="${service}.v1.${service[0]!.toUpperCase()}${service.slice(1)}Service"${more}`;
  const line = (await exposition([registry])).text.split('\n').find((text) => text.startsWith(`${name}{`) && text.includes(labels));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};
const sent = (registry: Registry, service: string, method: string, code: string) => valueOf(registry, 'grpc_client_handled_total', service, `,grpc_method="${method}",grpc_code="${code}"`);
const answered = (registry: Registry, service: string, method: string, code: string) => valueOf(registry, 'grpc_server_handled_total', service, `,grpc_method="${method}",grpc_code="${code}"`);
const problems = (registry: Registry, service: string, code: string) => valueOf(registry, 'grpc_problems_total', service, `,problem="${code}"`);

describe('what is told of calls between services', () => {
  it('counts those that are answered and those that are refused by their code, on both sides', async () => {
    const { site } = channels.clientsOf('api');
    await site.listSites({ ctx, input: { limit: 10 } });
    await site.createSite({ ctx, key: uuidv7(), input: { code: CODE, name: 'A secret name', timezone: 'UTC' } });
    await expect(site.createSite({ ctx, key: uuidv7(), input: { code: CODE, name: 'Another', timezone: 'UTC' } })).rejects.toMatchObject({ code: 'site_code_taken' });
    for (const [registry, counted] of [[atClient, sent], [atServer, answered]] as const) {
      expect(await counted(registry, 'site', 'ListSites', 'OK')).toBe(1);
      expect(await counted(registry, 'site', 'CreateSite', 'OK')).toBe(1);
      expect(await counted(registry, 'site', 'CreateSite', 'FailedPrecondition')).toBe(1);
      expect(await problems(registry, 'site', 'site_code_taken')).toBe(1);
    }
    expect(await valueOf(atClient, 'grpc_client_handling_seconds_count', 'site', ',grpc_method="ListSites",grpc_code="OK"')).toBe(1);
    expect(await valueOf(atServer, 'grpc_server_handling_seconds_count', 'site', ',grpc_method="CreateSite",grpc_code="FailedPrecondition"')).toBe(1);
  });

  it('counts who was refused at the door', async () => {
    const stranger = openChannels({ ...wire.reach, serviceKeys: { ...wire.keys, privateKeys: { api: wire.keys.privateKeys.edc! } } });
    await expect(stranger.clientsOf('api').site.listSites({ ctx, input: { limit: 10 } })).rejects.toThrow();
    stranger.close();
    expect(await answered(atServer, 'site', 'ListSites', 'Unauthenticated')).toBe(1);
  });

  it('counts what nobody foresaw as internal, on both sides', async () => {
    await expect(channels.clientsOf('api').study.listStudies({ ctx, input: { limit: 10 } })).rejects.toThrow();
    expect(await answered(atServer, 'study', 'ListStudies', 'Internal')).toBe(1);
    expect(await sent(atClient, 'study', 'ListStudies', 'Internal')).toBe(1);
  });

  it('counts what could not even be sent as internal, at the caller alone', async () => {
    const registry = metricsRegistry();
    const keyless = openChannels({ ...wire.reach, serviceKeys: { ...wire.keys, privateKeys: {} }, metrics: rpcMetrics(registry) });
    await expect(keyless.clientsOf('api').site.listSites({ ctx, input: { limit: 10 } })).rejects.toThrow();
    keyless.close();
    expect(await sent(registry, 'site', 'ListSites', 'Internal')).toBe(1);
  });

  it('shows retries, timeouts, and the circuit that they open', async () => {
    const { study } = channels.clientsOf('api');
    const circuit = () => valueOf(atClient, 'grpc_client_circuit_state', 'study');
    expect(await circuit()).toBe(0);
    const asked = Array.from({ length: 20 }, () => study.getStudy({ ctx, input: { studyId: uuidv7() } }));
    expect((await Promise.allSettled(asked)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(await circuit()).toBe(2);
    expect(await valueOf(atClient, 'grpc_client_policy_events_total', 'study', ',event="opened"')).toBe(1);
    expect(await sent(atClient, 'study', 'GetStudy', 'DeadlineExceeded')).toBeGreaterThan(0);
    await expect(study.getStudy({ ctx, input: { studyId: uuidv7() } })).rejects.toMatchObject({ code: 'circuit_open' });
    expect(await valueOf(atClient, 'grpc_client_policy_events_total', 'study', ',event="rejected_open"')).toBeGreaterThan(0);
    expect(await problems(atClient, 'study', 'circuit_open')).toBeGreaterThan(0);
  });

  it('holds nothing of what was said, and no service that a caller never asks', async () => {
    const shown = (await exposition([atClient])).text + (await exposition([atServer])).text;
    for (const said of [CODE, 'secret', ctx.requestId, '李 Müller', 'doctor-1']) expect(shown).not.toContain(said);
    channels.clientsOf('site');
    const circuits = (await exposition([atClient])).text.split('\n').filter((line) => line.startsWith('grpc_client_circuit_state{caller="site"'));
    expect(circuits).toEqual([expect.stringMatching(/StudyService"} 0$/)]);
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
