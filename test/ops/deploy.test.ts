// Real: the whole application as a process, a worker of another version as another one, and the operators' command line.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployStatus } from '../../ops/deploy/status.ts';
import { type AppProcess, databaseUrl, dataFolder, embeddedServers, endApps, launchApp, printed, startApp } from '../start/app-process.ts';
import { opsOn } from './run-ops.ts';

const folder = dataFolder();
const ops = opsOn(folder.path);
const acting = ['--as', 'op-1', '--reason', 'release of May'];
let app: AppProcess;
let worker: AppProcess;
let sql: postgres.Sql;
beforeAll(async () => {
  app = await startApp({ dataDir: folder.path, env: { BUILD_ID: 'may' } });
  sql = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
}, 120_000);
afterAll(async () => {
  await sql?.end({ timeout: 0 });
  await endApps();
  folder.remove();
}, 60_000);

const status = async () => {
  const { code, out } = await ops(['--json', 'deploy', 'status']);
  return { code, ...(JSON.parse(out) as DeployStatus) };
};
const change = async (...words: string[]) => ops(['--json', 'deploy', ...words, ...acting]);

describe('npm run ops -- deploy', () => {
  it('shows the version of the process, which is current by itself', async () => {
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ code: 0, current: 'may', ramping: null, versions: [{ buildId: 'may', status: 'current', workers: 1 }] });
  }, 60_000);

  it.each([
    [['ramp', 'may', '--percent', '120'], 2, 'a number from 0 to 100'],
    [['ramp', 'may', '--percent', '10'], 2, 'may is current already'],
    [['promote', 'other'], 2, 'there is no version other; known are may'],
    [['rollback'], 1, 'No other version has been current before'],
  ])('refuses %j', async (words, exitCode, said) => {
    const { code, err } = await change(...words);
    expect({ code, err }).toEqual({ code: exitCode, err: expect.stringContaining(said) });
  }, 30_000);

  it('changes nothing without who and why', async () => {
    expect(await ops(['deploy', 'promote', 'may'])).toMatchObject({ code: 2, err: expect.stringContaining('--as') });
  }, 30_000);

  it('a worker beside it says what it waits for; it is ramped, promoted and rolled back, each audited', async () => {
    const { temporalAddress } = embeddedServers(app);
    worker = await launchApp({ dataDir: folder.path, args: ['worker', '--service', 'enrollment'], env: { TEMPORAL_ADDRESS: temporalAddress, BUILD_ID: 'june', LOG_LEVEL: 'warn' } });
    await printed(worker, 'ready enrollment');
    expect(worker.stdout()).toContain('npm run ops -- deploy promote june');
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ current: 'may', versions: [{ buildId: 'june', status: 'inactive', workers: 1 }, { buildId: 'may' }] });

    expect(await change('ramp', 'june', '--percent', '20')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ code: 0, current: 'may', ramping: { buildId: 'june', percent: 20 }, versions: [{ status: 'ramping' }, { status: 'current' }] });
    expect(await change('promote', 'june')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ code: 0, current: 'june', ramping: null, versions: [{ status: 'current' }, { buildId: 'may', status: 'draining' }] });
    expect(await change('rollback')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ code: 0, current: 'may', ramping: null });

    const rows = await sql`select verb, details from study.audit_entries where entity = 'operation' and entity_id = 'trial-enrollment' and actor->>'id' = 'op-1'`;
    expect(rows).toHaveLength(3);
  }, 90_000);

  it('sends nothing to a version that nobody runs, unless it is forced to; then it says so', async () => {
    worker.kill('SIGTERM');
    await worker.exit();
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ versions: [{ buildId: 'june', workers: 0 }, { buildId: 'may' }] });
    expect(await change('promote', 'june')).toMatchObject({ code: 1, err: expect.stringContaining('Nobody runs version june') });
    expect(await change('promote', 'june', '--force')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ code: 1, current: 'june', problems: [expect.stringContaining('Nobody runs june')] });
    expect(await change('rollback')).toMatchObject({ code: 0 });
  }, 90_000);
});

it('says what to do when nobody answers', async () => {
  const empty = dataFolder();
  expect(await opsOn(empty.path)(['deploy', 'status'])).toMatchObject({ code: 1, err: expect.stringContaining('npm start') });
  empty.remove();
}, 30_000);
