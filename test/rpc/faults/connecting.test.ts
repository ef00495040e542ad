// Real: gRPC on loopback, and a process that listens and takes no connection: once its queue is full, Linux drops the
// first packet of whoever connects, as a host does that has gone. Stand-in: the Site service.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { openChannels } from '../../../runtime/rpc/channels.ts';
import { type GrpcServer, startGrpcServer } from '../../../runtime/rpc/grpc-server.ts';
import { freshServiceKeys } from '../../../runtime/rpc/keys.ts';
import { ctx, openToTheEdge } from '../support.ts';
import { outcomeOf, StandInSite } from './support.ts';

let server: GrpcServer | undefined;
afterEach(() => server?.stop());

/** Ends with this process: its standard input does. */
const DEAF = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    try { require('node:fs').readSync(0, Buffer.alloc(1)); } finally { process.exit(); }
  });`;

async function deafHost(): Promise<{ port: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const end = async () => {
    queue.forEach((socket) => void socket.destroy());
    child.kill('SIGKILL');
    await ended;
  };
  const queue: Socket[] = [];
  onTestFinished(end);
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(printed.toString());
  for (let place = 0; place < 8; place += 1) queue.push(connect(port, '127.0.0.1').on('error', () => undefined));
  await once(queue[0]!, 'connect');
  return { port, end };
}

it('a host that does not even take a connection is given up long before the deadline, and found again when it is back', { timeout: 60_000 }, async () => {
  const host = await deafHost();
  const keys = await freshServiceKeys();
  const channels = openChannels({ services: {}, peers: { site: `http://127.0.0.1:${host.port}` }, serviceKeys: keys, callDeadlineMs: 50_000, edgeDeadlineMs: 50_000, circuitOpenMs: 1 });
  onTestFinished(() => channels.close());
  const { site } = channels.clientsOf('api');
  const command = (key: string) => outcomeOf(site.createSite({ ctx, key, input: { code: 'S', name: 'Site', timezone: 'UTC' } }));
  expect(await Promise.all([command('1'), command('2')])).toEqual(['service_unavailable', 'service_unavailable']);

  await host.end();
  const service = new StandInSite();
  server = await startGrpcServer({ services: openToTheEdge(service.services), keys, onUnexpected: () => undefined, listen: { host: '127.0.0.1', port: host.port } });
  expect(await command('3')).toBe('answer');
  expect(service.commands).toEqual(['3']);
});
