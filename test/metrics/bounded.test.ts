// Real: the API on its services and PostgreSQL, calls between services. Ten thousand ids, each seen once.
import { randomUUID } from 'node:crypto';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exposition, metricsRegistry } from '../../api/exposition.ts';
import { boundedValues } from '../../runtime/metrics/bounded-values.ts';
import { trialMetrics } from '../../runtime/metrics/trial.ts';
import { openChannels } from '../../runtime/rpc/channels.ts';
import { freshServiceKeys } from '../../runtime/rpc/keys.ts';
import { rpcMetrics } from '../../runtime/rpc/metrics.ts';
import type { Services } from '../../runtime/services.ts';
import { notFound } from '../../services/common/index.ts';
import { startTestApi, type TestApi } from '../api/support.ts';
import { ctx, openToTheEdge } from '../rpc/support.ts';
import { shownIn } from './shown.ts';

const IDS = 10_000;
const AT_ONCE = 50;

let api: TestApi;
const ofApi = metricsRegistry();
beforeAll(async () => {
  api = await startTestApi({ deps: { registry: ofApi } });
});
afterAll(() => api.stop());

const seriesOf = async (registry: Registry) => shownIn((await exposition([registry])).text).series.length;

/** Ten thousand times, with an id that was not there before; the number of series before (after once) and after. */
async function grown(registry: Registry, send: (id: string, n: number) => Promise<unknown>): Promise<{ before: number; after: number }> {
  for (let n = 0; n < AT_ONCE; n += 1) await send(randomUUID(), n);
  const before = await seriesOf(registry);
  for (let sent = 0; sent < IDS; sent += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => send(randomUUID(), n)));
  return { before, after: await seriesOf(registry) };
}

describe('the number of series does not grow', () => {
  it('with the ids in the paths of requests, whatever there is or is not behind them', async () => {
    const PATHS = [(id: string) => `/api/v1/patients/${id}`, (id: string) => `/api/v1/enrollments/${id}`, (id: string) => `/api/v1/enrollments/${id}/timeline`, (id: string) => `/nothing/${id}`, (id: string) => `/api/v1/${id}`, (id: string) => `/healthz?id=${id}`];
    const { before, after } = await grown(ofApi, async (id, n) => (await api.app.request(PATHS[n % PATHS.length]!(id), { headers: { 'X-Request-Id': id } })).text());
    expect(after).toBe(before);
    expect(shownIn((await exposition([ofApi])).text).sum('http_requests_total')).toBe(IDS + AT_ONCE);
  }, 60_000);

  it('with methods that nobody knows', async () => {
    const before = await seriesOf(ofApi);
    for (let n = 0; n < 100; n += 1) await api.app.request('/healthz', { method: `M${n}` });
    expect((await seriesOf(ofApi)) - before).toBeLessThan(30);
  });

  it('with the ids in calls between services, answered or refused', async () => {
    const registry = metricsRegistry();
    const site = { getSite: async ({ input: { siteId } }: { input: { siteId: string } }) => (siteId < '8' ? { id: siteId, code: 'S', name: 'S', address: null, timezone: 'UTC' } : Promise.reject(notFound('site'))) };
    const channels = openChannels({ services: openToTheEdge({ site } as unknown as Partial<Services>), serviceKeys: await freshServiceKeys(), callDeadlineMs: 5000, edgeDeadlineMs: 5000, callConcurrency: 100, metrics: rpcMetrics(registry) });
    const client = channels.clientsOf('api').site;
    const { before, after } = await grown(registry, (siteId) => client.getSite({ ctx, input: { siteId } }).catch(() => undefined));
    channels.close();
    expect(after).toBe(before);
    const { sum } = shownIn((await exposition([registry])).text);
    expect([sum('grpc_client_handled_total'), sum('grpc_server_handled_total')]).toEqual([IDS + AT_ONCE, IDS + AT_ONCE]);
    expect(sum('grpc_server_handled_total', { grpc_code: 'NotFound' })).toBeGreaterThan(0);
  }, 60_000);

  it('with the runs that tell of themselves', async () => {
    const registry = metricsRegistry();
    const { sinks: { trial }, onDelivery } = trialMetrics(registry);
    const { before, after } = await grown(registry, async (workflowId, n) => {
      const run = { workflowId, runId: workflowId } as never;
      await trial.stageEnded.fn(run, n % 2 === 0 ? 'slot' : 'consent', n);
      await trial.compensated.fn(run, 'slot', 'done');
      await trial.ended.fn(run, 'active');
      onDelivery({ kind: 'enrolled', result: 'sent' });
    });
    expect(after).toBe(before);
  }, 30_000);

  it('beyond a bound with the codes of another version of a service', () => {
    const valueOf = boundedValues(300);
    const values = new Set(Array.from({ length: IDS }, (_, n) => valueOf(`code_${n}`)));
    expect(values.size).toBe(301);
    expect([valueOf('code_1'), valueOf('code_9999')]).toEqual(['code_1', 'other']);
  });
});
