// Real: gRPC on loopback, a Study server whose verb calls a Site server. Stand-ins: the two services.
import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Channels, openChannels } from '../../../runtime/rpc/channels.ts';
import { type GrpcServer, startGrpcServer } from '../../../runtime/rpc/grpc-server.ts';
import { freshServiceKeys, type ServiceKeys } from '../../../runtime/rpc/keys.ts';
import type { Services } from '../../../runtime/services.ts';
import { currentScope } from '../../../services/common/resilience/index.ts';
import { serviceTokens } from '../../../services/common/rpc/index.ts';
import type { Clients } from '../../../api/deps.ts';
import { ctx, openToTheEdge } from '../support.ts';
import { outcomeOf } from './support.ts';

const OUTER_MS = 20_000;
const INNER_MS = 50_000;
const started: { stop(): Promise<void> }[] = [];
let keys: ServiceKeys;
let inner: GrpcServer;
let outer: GrpcServer;
let ofStudy: Channels;

/** What Site's verb saw, and what Study's does before it calls it. */
let reachedSite: { leftMs: number }[];
let beforeSite: () => Promise<void>;
let leftToStudy: number | undefined;
let answerOfSite: Promise<string> | undefined;

const leftMs = () => currentScope()!.deadlineAt! - Date.now();
const site = {
  getActivation: async () => {
    reachedSite.push({ leftMs: leftMs() });
    return null;
  },
};
const study = (clients: Clients) => ({
  getStudy: async () => {
    await beforeSite();
    leftToStudy = leftMs();
    answerOfSite = outcomeOf(clients.site.getActivation({ ctx, input: { studyId: 's', siteId: 's' } }));
    await answerOfSite;
    return null;
  },
});

beforeAll(async () => {
  keys = await freshServiceKeys();
  const serve = (services: unknown) =>
    startGrpcServer({ services: openToTheEdge(services as Partial<Services>), keys, onUnexpected: () => undefined, listen: { host: '127.0.0.1', port: 0 } });
  inner = await serve({ site });
  ofStudy = openChannels({ services: {}, peers: { site: inner.url }, serviceKeys: keys, callDeadlineMs: INNER_MS, edgeDeadlineMs: INNER_MS });
  outer = await serve({ study: study(ofStudy.clientsOf('study')) });
  started.push(outer, inner);
});
beforeEach(() => {
  reachedSite = [];
  beforeSite = async () => undefined;
  leftToStudy = undefined;
  answerOfSite = undefined;
});
afterAll(async () => {
  ofStudy.close();
  await Promise.all(started.map((server) => server.stop()));
});

async function askStudy(deadlineMs: number): Promise<string> {
  const channels = openChannels({ services: {}, peers: { study: outer.url }, serviceKeys: keys, callDeadlineMs: deadlineMs, edgeDeadlineMs: deadlineMs });
  try {
    return await outcomeOf(channels.clientsOf('api').study.getStudy({ ctx, input: { studyId: 's' } }));
  } finally {
    channels.close();
  }
}

it("a service that is called by a service has what is left of the first caller's time, not its own caller's full deadline", async () => {
  beforeSite = () => delay(300);
  expect(await askStudy(OUTER_MS)).toBe('answer');
  // The first try of a read has 60 % of the deadline.
  expect(leftToStudy).toBeLessThanOrEqual(0.6 * OUTER_MS - 300);
  expect(reachedSite).toHaveLength(1);
  expect(reachedSite[0]!.leftMs).toBeLessThanOrEqual(leftToStudy!);
  expect(reachedSite[0]!.leftMs).toBeGreaterThan(0);
});

it('when the first caller has no time left, the service behind is not asked', async () => {
  beforeSite = async () => {
    while (leftMs() > 0) await delay(5);
  };
  expect(await askStudy(200)).toBe('service_timeout');
  await expect.poll(() => answerOfSite, { timeout: 20_000 }).toBeDefined();
  expect(await answerOfSite).toBe('service_timeout');
  expect(reachedSite).toEqual([]);
});

it.each(['0m', '0S', '1n'])('a call whose time is over when it comes is not served: grpc-timeout %s', async (timeout) => {
  const token = await serviceTokens('study', keys.privateKeys.study!)('site');
  const session = connect(inner.url);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/site.v1.SiteService/GetActivation',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    authorization: `Bearer ${token}`,
    'grpc-timeout': timeout,
  });
  const DEADLINE_EXCEEDED = '4';
  const trailers = Promise.race([once(stream, 'trailers'), once(stream, 'close').then(() => [{}])]);
  stream.resume().end(Buffer.alloc(5));
  const [{ 'grpc-status': status }] = (await trailers) as [Record<string, string>];
  session.destroy();
  expect(status).toBe(DEADLINE_EXCEEDED);
  expect(reachedSite).toEqual([]);
});
