// Real: the whole application as a process that is killed, and the operators' command line beside it.
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { roleOf } from '../../db/provision.ts';
import { opsOn } from '../ops/run-ops.ts';
import { type AppProcess, databaseUrl, dataFolder, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';

const MANY = 500;
const AT_ONCE = 10;
// Enough for the attempt that is killed, and for one that the restart is too busy for.
const ENV = { STEP_ATTEMPTS: '5', STEP_RETRY_INITIAL_MS: '50', STEP_RETRY_MAXIMUM_MS: '100', STUCK_WATCH_MS: '3600000' };

const folder = dataFolder();
const ops = opsOn(folder.path);
const acting = ['--as', 'op-1', '--reason', 'EDC is back'];
let app: AppProcess;
let study: DirectStudy;

beforeAll(async () => {
  app = await startApp({ dataDir: folder.path, env: ENV });
  study = await directStudy({ url: app.url, issuer: await issuerOf(folder.path) }, { cap: 1000 });
}, 120_000);
afterAll(async () => {
  await endApps();
  folder.remove();
}, 60_000);

/** As the superuser, on the database as it runs now. */
async function sql<T extends object>(text: string): Promise<T[]> {
  const client = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
  try {
    return [...(await client.unsafe<T[]>(text))];
  } finally {
    await client.end({ timeout: 5 });
  }
}
const stuck = async () => Number((await sql<{ n: number }>('select count(*)::int as n from study.enrollments where needs_attention'))[0]?.n);
const bulkOf = (err: string) => /bulk ([0-9a-f-]{36}) has begun/.exec(err)?.[1];

it(`heals all of ${MANY} stuck enrollments, killed once in the middle, and does nothing twice`, async () => {
  await sql(`revoke insert on edc.casebooks from "${roleOf('edc')}"`);
  for (let from = 0; from < MANY; from += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, async () => study.enrol(await study.register())));
  await expect.poll(stuck, { timeout: 300_000, interval: 1000 }).toBe(MANY);
  const dry = await ops(['--json', 'retry', '--query', 'StuckStep = "casebook"', '--dry-run', ...acting]);
  expect(JSON.parse(dry.out)).toMatchObject({ dryRun: true, total: MANY });
  expect(await stuck()).toBe(MANY);

  await sql(`grant insert on edc.casebooks to "${roleOf('edc')}"`);
  const cut = ops(['--json', 'retry', '--query', 'StuckStep = "casebook"', '--rate', '40', ...acting]);
  await expect.poll(stuck, { timeout: 60_000, interval: 200 }).toBeLessThan(MANY - 100);
  app.kill('SIGKILL');
  await app.exit();
  const { code, err } = await cut;
  expect(code).not.toBe(0);
  const bulk = bulkOf(err);
  expect(bulk, err).toBeDefined();

  app = await startApp({ dataDir: folder.path, env: { ...ENV, PORT: String(app.port) } });
  const left = await stuck();
  expect(left).toBeGreaterThan(100);
  const again = await ops(['--json', 'retry', '--resume', bulk!, ...acting]);
  expect(JSON.parse(again.out), again.err).toMatchObject({ state: 'done', total: MANY, retried: MANY, missed: [] });
  expect(again.code).toBe(0);
  await expect.poll(stuck, { timeout: 60_000, interval: 500 }).toBe(0);
  const active = "select count(*)::int as n from study.enrollments where outcome = 'active'";
  await expect.poll(async () => (await sql<{ n: number }>(active))[0]?.n, { timeout: 120_000, interval: 500 }).toBe(MANY);

  // Nothing twice: one casebook, one confirmed slot, one `enrolled` for each of them.
  const twice = (table: string, where = 'true') => sql(`select enrollment_id from ${table} where ${where} group by 1 having count(*) > 1`);
  expect(await twice('edc.casebooks')).toEqual([]);
  expect(await twice('site.slots', "status = 'confirmed'")).toEqual([]);
  expect(await twice('study.milestones', "event = 'ENTERED INTO TRIAL'")).toEqual([]);
  const [told] = await sql<{ n: number; who: string }>(`select count(*)::int as n, min(actor->>'id') as who from study.audit_entries where entity = 'operation' and entity_id = '${bulk}'`);
  expect(told).toMatchObject({ who: 'op-1' });
}, 900_000);
