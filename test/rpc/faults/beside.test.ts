// Real: gRPC on loopback, and a TCP proxy in front of Patient that swallows. Stand-ins: the two services.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openChannels } from '../../../runtime/rpc/channels.ts';
import type { Services } from '../../../runtime/services.ts';
import { DEFAULT_CALLEE } from '../../../services/common/resilience/index.ts';
import { startTcpProxy, through, type TcpProxy } from '../../outages/tcp-proxy.ts';
import { ctx, overHttp2, type OverHttp2 } from '../support.ts';
import { outcomeOf, StandInSite } from './support.ts';

const site = new StandInSite();
const patient = { listHistory: async () => ({ items: [], nextCursor: null }) };
let wire: OverHttp2;
let proxy: TcpProxy;

beforeAll(async () => {
  wire = await overHttp2({ services: { ...site.services, patient } as unknown as Services });
  proxy = await startTcpProxy(Number(new URL(wire.server.url).port));
});
afterAll(async () => {
  await proxy.stop();
  await wire.stop();
});

it("calls that hang at Patient take nothing from the same caller's calls to Site; those beyond Patient's places are refused at once", { timeout: 120_000 }, async () => {
  const channels = openChannels({ ...wire.reach, peers: { site: wire.server.url, patient: new URL(through(wire.server.url, proxy)).origin }, edgeDeadlineMs: 60_000, circuitOpenMs: 100 });
  const { patient: patients, site: sites } = channels.clientsOf('api');
  const ask = () => patients.listHistory({ ctx, input: { patientId: 'p', limit: 10 } });
  expect(await outcomeOf(ask())).toBe('answer');
  proxy.hush();

  let ended = 0;
  const places = DEFAULT_CALLEE.concurrency;
  const hanging = Array.from({ length: places }, () => outcomeOf(ask()).finally(() => (ended += 1)));
  // Beyond the places: none of these waits for one of those that hang.
  for (const beyond of Array.from({ length: 20 }, ask)) {
    await expect(beyond).rejects.toMatchObject({ errorClass: 'unavailable', code: 'service_busy', retryable: true, details: { retryAfterMs: 1000 } });
  }
  for (let round = 0; round < 5; round += 1) {
    const reads = Array.from({ length: places }, () => outcomeOf(sites.getSite({ ctx, input: { siteId: 's' } })));
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['answer']));
  }
  expect(site.reads).toBe(5 * places);
  expect(ended).toBe(0);

  // Those that hung have lost their connection, and with them the circuit has opened: when its time has come, all is well.
  await proxy.restore();
  await Promise.all(hanging);
  await expect.poll(() => outcomeOf(ask()), { timeout: 20_000 }).toBe('answer');
  channels.close();
});
