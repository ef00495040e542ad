// Real: the whole application as a process of its own. No stand-ins.
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy } from '../support/scenario.ts';
import { type AppOptions, type AppProcess, dataFolder, embeddedServers, gone, issuerOf, launchApp, startApp } from './app-process.ts';

const TIMEOUT = { timeout: 60_000 };

/** Starts it, and answers what it said of why it did not: one line, and an exit code other than 0. */
async function refusal(options: AppOptions): Promise<string> {
  const app = await launchApp(options);
  const { code } = await app.exit();
  expect({ code, stdout: app.stdout() }).toEqual({ code: 1, stdout: '' });
  const lines = app.stderr().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^trial-enrollment: /);
  return lines[0] ?? '';
}

describe('a start that cannot succeed says why in one line, exits with 1, and leaves nothing behind', () => {
  const folder = dataFolder();
  const fresh = join(folder.path, 'fresh');
  afterAll(() => folder.remove());

  it.for(['PORT', 'TEMPORAL_UI_PORT'])('because %s is taken by another program', TIMEOUT, async (name) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const line = await refusal({ dataDir: fresh, env: { [name]: String(port) } });
    other.close();
    expect(line).toContain(`Port ${port} is taken`);
    expect(line).toContain(`set ${name} to`);
    expect(existsSync(join(fresh, 'postgres'))).toBe(false);
  });

  it('because the folder cannot be written to', TIMEOUT, async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, 'kept');
    expect(await refusal({ dataDir: join(file, 'data') })).toMatch(/can't be written to .*DATA_DIR/);
    expect(readdirSync(folder.path)).toContain('file');
  });

  it.for([
    { env: { PORT: 'three' }, names: 'PORT' },
    { env: { PORT: '70000' }, names: 'PORT' },
    { env: { DATABASE_URL: 'mysql://user:secret-word@127.0.0.1/db' }, names: 'DATABASE_URL' },
    { env: { HASH_KEY: 'secret-word' }, names: 'HASH_KEY' },
    { env: { STEP_ATTEMPTS: '0', LOG_LEVEL: 'loud' }, names: 'LOG_LEVEL' },
  ])('because the configuration is wrong: $env', TIMEOUT, async ({ env, names }) => {
    const line = await refusal({ dataDir: fresh, env });
    expect(line).toContain(`${names}: `);
    expect(line).toContain('README');
    expect(line).not.toContain('secret-word');
  });

  it('because of a flag that it does not know', TIMEOUT, async () => {
    expect(await refusal({ dataDir: fresh, args: ['--emty'] })).toContain('--emty');
  });

  const temporal = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
  const postgres = { DATABASE_URL_STUDY: 'postgres://study_service:secret-word@127.0.0.1:9/db' };
  it.for([
    { words: ['worker'], env: {}, names: 'worker --service with one of patient' },
    { words: ['worker', '--service', 'pharmacy'], env: {}, names: 'enrollment' },
    { words: ['everything'], env: {}, names: 'Say what to run' },
    { words: ['api'], env: {}, names: 'needs TEMPORAL_ADDRESS' },
    { words: ['worker', '--service', 'study'], env: temporal, names: 'needs DATABASE_URL_STUDY' },
    { words: ['worker', '--service', 'study'], env: { ...temporal, ...postgres }, names: 'needs GRPC_URL_PATIENT' },
    { words: ['worker', '--service', 'study'], env: { ...temporal, ...postgres, GRPC_URL_PATIENT: 'http://127.0.0.1:9' }, names: 'needs GRPC_URL_SITE' },
  ])('because a part alone is not told what it needs: $words $env', TIMEOUT, async ({ words, env, names }) => {
    const line = await refusal({ dataDir: fresh, args: words, env });
    expect(line).toContain(names);
    expect(line).not.toContain('secret-word');
  });

  it.for([
    { name: 'DATABASE_URL', value: (port: number) => `postgres://user:secret-word@127.0.0.1:${port}/db` },
    { name: 'TEMPORAL_ADDRESS', value: (port: number) => `127.0.0.1:${port}` },
  ])('because nobody answers at $name', TIMEOUT, async ({ name, value }) => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const line = await refusal({ dataDir: join(folder.path, name), env: { [name]: value(port) } });
    expect(line).toContain(name);
    expect(line).not.toContain('secret-word');
  });
});

describe('a second instance on the same data', () => {
  const folder = dataFolder();
  let first: AppProcess;
  beforeAll(async () => {
    first = await startApp({ dataDir: folder.path });
  }, 120_000);
  afterAll(async () => {
    const servers = embeddedServers(first);
    first.kill('SIGKILL');
    await first.exit();
    await Promise.all([gone(servers.postgres), gone(servers.temporal)]);
    folder.remove();
  });

  it('is refused with the pid of the first, which goes on', TIMEOUT, async () => {
    const line = await refusal({ dataDir: folder.path });
    expect(line).toContain(`Process ${first.pid} already works on the data`);
    const study = await directStudy({ url: first.url, issuer: await issuerOf(folder.path) });
    const { body } = await study.enrol(await study.register());
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
  });
});
