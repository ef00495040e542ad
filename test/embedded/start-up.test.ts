// Real: processes, folders, ports, PostgreSQL. No stand-ins.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lockInstance } from '../../runtime/embedded/instance-lock.ts';
import { startPostgres } from '../../runtime/embedded/postgres.ts';
import { ensurePortFree, ensureWritable } from '../../runtime/embedded/preconditions.ts';
import { afterwards, closedFolder, startHost } from './host.ts';

describe('a second instance on the same data', () => {
  it('should be refused with the pid of the first, which goes on', async () => {
    const dataDir = closedFolder();
    const first = await startHost({ dataDir, servers: [] });
    const second = await startHost({ dataDir, servers: [] });
    expect(second.error).toMatchObject({ code: 'already_running', pid: first.pid });
    expect(second.error?.message).toContain('DATA_DIR');
    expect((await second.exited)[0]).toBe(1);
    expect(() => lockInstance(dataDir)).toThrow(expect.objectContaining({ code: 'already_running' }));
  });

  it('should start once the first was killed, and then be the only one', async () => {
    const dataDir = closedFolder();
    await (await startHost({ dataDir, servers: [] })).kill();
    const rivals = await Promise.all([1, 2, 3].map(() => startHost({ dataDir, servers: [] })));
    expect(rivals.filter(({ error }) => error === undefined)).toHaveLength(1);
  });
});

describe('a data folder that an interrupted start left half-made', () => {
  it('should be made anew, and what was found there be kept aside', { timeout: 20_000 }, async () => {
    const folder = closedFolder();
    const dataDir = join(folder, 'postgres');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'PG_VERSION'), '18\n');
    mkdirSync(join(folder, 'postgres.initializing-12345678', 'base'), { recursive: true });
    const server = await startPostgres({ dataDir, settings: { fsync: 'off' }, log: join(folder, 'postgres.log') });
    await server.stop();
    const names = readdirSync(folder);
    expect(names.filter((name) => name.includes('initializing'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('postgres.incomplete-'))).toHaveLength(1);
  });

  it('should be recovered when the process was killed during initdb', { timeout: 20_000 }, async () => {
    const dataDir = closedFolder();
    const script = join(import.meta.dirname, 'host-process.mjs');
    const child = spawn(process.execPath, [script, dataDir, 'postgres'], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    const deadline = Date.now() + 10_000;
    while (!readdirSync(dataDir).some((name) => name.includes('initializing')) && Date.now() < deadline) await delay(5);
    child.kill('SIGKILL');
    await exited;
    expect(readdirSync(dataDir)).not.toContain('postgres');
    const next = await startHost({ dataDir, servers: ['postgres'] });
    expect(next.error).toBeUndefined();
    expect(next.postgres?.url).toMatch(/^postgres:/);
  });
});

describe('what stands in the way of a start', () => {
  it('should name the taken port and the variable that sets it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    afterwards(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const refusal = expect.objectContaining({ code: 'port_taken', message: expect.stringMatching(`${port}.*PORT`) });
    await expect(ensurePortFree({ port, name: 'PORT' })).rejects.toEqual(refusal);
  });

  it('should name a folder that cannot be written to', () => {
    const file = join(closedFolder(), 'file');
    writeFileSync(file, '');
    expect(() => ensureWritable(join(file, 'data'))).toThrow(expect.objectContaining({ code: 'data_dir_not_writable' }));
  });
});
