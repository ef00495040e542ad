// Real: ports of this machine.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { keptPort } from '../../runtime/embedded/free-port.ts';

describe('ports that are chosen before their owners start', () => {
  it('are never the same twice, nor one that is promised or taken', async () => {
    const first = await Promise.all(Array.from({ length: 200 }, () => keptPort()));
    expect(new Set(first).size).toBe(200);
    const [share] = first.map((port) => Math.floor(port / 1000) * 1000) as [number];
    const taken = Array.from({ length: 100 }, (_, n) => share + n);
    const servers = taken.map((port) => createServer().on('error', () => undefined).listen(port, '127.0.0.1'));
    await Promise.all(servers.map((server) => Promise.race([once(server, 'listening'), once(server, 'error')])));
    const except = Array.from({ length: 400 }, (_, n) => share + 100 + n);
    const then = await Promise.all(Array.from({ length: 200 }, () => keptPort({ except })));
    expect(new Set([...first, ...taken, ...except, ...then]).size).toBe(new Set([...first, ...taken, ...except]).size + 200);
    await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  });
});
