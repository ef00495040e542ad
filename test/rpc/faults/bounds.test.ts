// Real: gRPC on loopback, health included. Stand-in: the Site service.
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../../runtime/rpc/channels.ts';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../../services/common/rpc/standard/health_pb.js';
import { overHttp2 } from '../support.ts';
import { type BehindProxy, type Caller, outcomeOf, siteBehindProxy } from './support.ts';

/** What goes into a message beside the text that makes it long. */
const FRAME_BYTES = 600;
let at: BehindProxy;
let caller: Caller;

beforeEach(async () => {
  at = await siteBehindProxy();
  caller = at.caller();
});
afterEach(() => at.stop());

describe('a message beyond the bound', () => {
  const asks = (siteId: string) => outcomeOf(caller.plain.read(siteId));
  const commands = (name: string) => outcomeOf(caller.plain.command('long', name));

  it('is refused as a request before the service sees it; the connection goes on with what others have on it', async () => {
    const release = at.service.hold();
    const beside = caller.read();
    await expect.poll(() => at.service.reads, { timeout: 20_000 }).toBe(1);
    const long = 'x'.repeat(MAX_MESSAGE_BYTES + 1);
    expect(await Promise.all([asks(long), commands(long)])).toEqual(['invalid message_too_large', 'invalid message_too_large']);
    expect([at.service.reads, at.service.commands]).toEqual([1, []]);
    release();
    expect(await beside).toBe('answer');
    expect(at.proxy.seen.connections).toBe(1);
  });

  it('is refused as an answer, which is not asked for again; the connection goes on', async () => {
    at.service.name = 'x'.repeat(MAX_MESSAGE_BYTES + 1);
    expect(await caller.read()).toBe('answer_too_large');
    await expect(caller.plain.read()).rejects.toMatchObject({ errorClass: 'unavailable', retryable: false });
    expect(at.service.reads).toBe(2);
    at.service.name = 'short';
    expect(await caller.read()).toBe('answer');
    expect(at.proxy.seen.connections).toBe(1);
  });

  it('opens no circuit, however often', async () => {
    at.service.name = 'x'.repeat(MAX_MESSAGE_BYTES + 1);
    for (let call = 0; call < 12; call += 1) await Promise.all([caller.read(), asks(at.service.name)]);
    expect(caller.channels.circuits()).toMatchObject({ site: 'closed' });
  });

  it('is one that is longer, not one that is nearly as long: in both directions', async () => {
    at.service.name = 'x'.repeat(MAX_MESSAGE_BYTES - FRAME_BYTES);
    expect(await caller.plain.read(at.service.name)).toMatchObject({ name: at.service.name });
    expect(await commands(at.service.name)).toBe('answer');
  });
});

it('long answers at once are all answered, each asked for once: the memory that a connection may take has room for them', { timeout: 120_000 }, async () => {
  const unhurried = at.caller({ deadlineMs: 100_000 });
  at.service.name = 'x'.repeat(MAX_MESSAGE_BYTES - FRAME_BYTES);
  const release = at.service.hold();
  const long = Array.from({ length: 8 }, () => unhurried.plain.read());
  await expect.poll(() => at.service.reads, { timeout: 20_000 }).toBe(8);
  // What comes now finds the long answers on their way.
  release();
  const short = Array.from({ length: 8 }, (_, n) => unhurried.command(`beside ${n}`));
  expect(new Set(await Promise.all(short))).toEqual(new Set(['answer']));
  expect((await Promise.all(long)).map(({ name }) => name.length)).toEqual(long.map(() => at.service.name.length));
  expect([at.service.reads, at.service.commands.length]).toEqual([8, 8]);
});

it('calls beyond the streams that a connection may have wait for a place, and none is lost', { timeout: 120_000 }, async () => {
  const [streams, calls] = [1000, 1300];
  const many = at.caller({ deadlineMs: 100_000, callConcurrency: calls });
  const release = at.service.hold();
  const answers = Array.from({ length: calls }, (_, n) => many.plain.command(`call ${n}`));
  await expect.poll(() => at.service.commands.length, { timeout: 60_000 }).toBe(streams);
  release();
  const made = (await Promise.all(answers)).map(({ siteId }) => siteId.trim());
  expect(new Set(made).size).toBe(calls);
  expect(at.service.commands).toHaveLength(calls);
  expect(at.service.most).toBe(streams);
  expect(at.proxy.seen.connections).toBe(1);
});

describe('watchers of health', () => {
  const MOST = 100;

  function watcher(url: string) {
    const manager = new Http2SessionManager(url);
    onTestFinished(() => manager.abort());
    return createClient(Health, createGrpcTransport({ baseUrl: url, sessionManager: manager }));
  }

  it('beyond a hundred are refused; the others go on, and one that leaves makes room', { timeout: 60_000 }, async () => {
    const wire = await overHttp2({ services: {} });
    const client = watcher(wire.server.url);
    const leaving = new AbortController();
    const told: Status[] = [];
    const watch = async (signal?: AbortSignal) => {
      for await (const { status } of client.watch({ service: '' }, signal ? { signal } : {})) told.push(status);
    };
    const staying = Array.from({ length: MOST - 1 }, () => watch());
    const left = watch(leaving.signal).catch((error: unknown) => ConnectError.from(error).code);
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(MOST);

    await expect(watch()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(await client.check({ service: '' })).toMatchObject({ status: Status.SERVING });
    leaving.abort();
    expect(await left).toBe(Code.Canceled);
    const joining = async (): Promise<void> =>
      watch().catch((error: unknown) => {
        if (ConnectError.from(error).code !== Code.ResourceExhausted) throw error;
        return joining();
      });
    staying.push(joining());
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(MOST + 1);

    // Those that stay are told of the end, which ends them.
    const stopped = wire.server.stop();
    await Promise.all(staying);
    await stopped;
    expect(told.filter((status) => status === Status.NOT_SERVING)).toHaveLength(MOST);
  });

  it('that go at whatever moment take nobody with them', async () => {
    const wire = await overHttp2({ services: {} });
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    for (let turns = 0; turns < 40; turns += 1) {
      const session = connect(wire.server.url).on('error', () => undefined);
      const streams = Array.from({ length: 3 }, () => {
        const stream = session.request({ ':method': 'POST', ':path': '/grpc.health.v1.Health/Watch', 'content-type': 'application/grpc', te: 'trailers' });
        stream.on('error', () => undefined).resume().end(Buffer.alloc(5));
        return stream;
      });
      await once(session, 'connect');
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      streams[0]!.close(8);
      session.destroy();
    }
    await expect.poll(async () => (await watcher(wire.server.url).check({ service: '' })).status, { timeout: 20_000 }).toBe(Status.SERVING);
    await wire.stop();
    expect(unhandled).toEqual([]);
  });
});

it('a name that nobody has is told so by a watch, and by a check with NOT_FOUND', async () => {
  const client = createClient(Health, createGrpcTransport({ baseUrl: at.wire.server.url }));
  await expect(client.check({ service: 'nobody.v1.Nobody' })).rejects.toMatchObject({ code: Code.NotFound });
  expect(await client.check({ service: 'site.v1.SiteService' })).toMatchObject({ status: Status.SERVING });
});
