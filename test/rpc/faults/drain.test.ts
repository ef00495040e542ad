// Real: gRPC on loopback, health included. Stand-in: the Site service.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../../services/common/rpc/standard/health_pb.js';
import { type BehindProxy, type Caller, siteBehindProxy } from './support.ts';

const PATIENT = { timeout: 60_000 };
let at: BehindProxy;
let caller: Caller;

beforeEach(async () => {
  at = await siteBehindProxy();
  caller = at.caller({ deadlineMs: 50_000 });
});
afterEach(() => at.stop());

const underWay = (key: string) => expect.poll(() => at.service.timesOf(key), { timeout: 20_000 }).toBe(1);

describe('a server that stops', () => {
  it('lets the call that runs come to its answer, and is there until then', PATIENT, async () => {
    const release = at.service.hold();
    const running = caller.command('running');
    await underWay('running');
    let stopped = false;
    const stopping = at.wire.server.stop().then(() => (stopped = true));
    // Its end is on its way to the caller; nothing of what follows may depend on when it comes.
    expect(await at.caller().command('from elsewhere')).toBe('service_unavailable');
    expect(stopped).toBe(false);
    release();
    expect(await running).toBe('answer');
    await stopping;
    expect(at.service.commands).toEqual(['running']);
  });

  it('serves nobody anew: who calls over the same connection or another has service_unavailable', PATIENT, async () => {
    const release = at.service.hold();
    const running = caller.command('running');
    await underWay('running');
    const stopping = at.wire.server.stop();
    const elsewhere = at.caller();
    await expect.poll(() => caller.read(), { timeout: 20_000 }).toBe('service_unavailable');
    const reads = at.service.reads;
    expect(await Promise.all([caller.read(), caller.command('same'), elsewhere.read(), elsewhere.command('other')])).toEqual(Array.from({ length: 4 }, () => 'service_unavailable'));
    expect([at.service.reads, at.service.commands]).toEqual([reads, ['running']]);
    release();
    expect(await running).toBe('answer');
    await stopping;
  });

  it('ends although calls hang: they are service_unavailable, long before their deadline, and not made again', PATIENT, async () => {
    const release = at.service.hold();
    const hanging = [caller.command('hanging'), caller.command('beside'), caller.read()];
    await underWay('hanging');
    await underWay('beside');
    await expect.poll(() => at.service.reads, { timeout: 20_000 }).toBe(1);
    await at.wire.server.stop();
    expect(await Promise.all(hanging)).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable']);
    expect([at.service.reads, at.service.commands.toSorted()]).toEqual([1, ['beside', 'hanging']]);
    // An answer that comes after the end disturbs nobody.
    release();
    await new Promise(setImmediate);
    expect(at.wire.unexpected).toEqual([]);
  });

  it('ends although a peer neither takes what it is sent nor closes its connection', PATIENT, async () => {
    const { port } = new URL(at.wire.server.url);
    const peer = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    await once(peer, 'connect');
    expect(await caller.read()).toBe('answer');
    await at.wire.server.stop();
    peer.destroy();
  });

  it('tells those who watch that it does, before its calls have ended', PATIENT, async () => {
    const release = at.service.hold();
    const running = caller.command('running');
    await underWay('running');
    const told: Status[] = [];
    const watching = (async () => {
      const client = createClient(Health, createGrpcTransport({ baseUrl: at.wire.server.url }));
      for await (const { status } of client.watch({ service: 'site.v1.SiteService' })) told.push(status);
    })();
    await expect.poll(() => told, { timeout: 20_000 }).toEqual([Status.SERVING]);
    const stopping = at.wire.server.stop();
    await watching;
    expect(told).toEqual([Status.SERVING, Status.NOT_SERVING]);
    release();
    expect(await running).toBe('answer');
    await stopping;
  });
});
