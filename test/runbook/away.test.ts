// Real: the whole application as a process, PostgreSQL, Temporal, and the command line beside it. Broken: what it stands on.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporalClient } from '../../runtime/temporal-client.ts';
import { WATCH_SCHEDULE_ID } from '../../workflows/watch-for-stuck/messages.ts';
import { opsOn } from '../ops/run-ops.ts';
import { type AppProcess, databaseUrl, dataFolder, embeddedServers, endApps, startApp } from '../start/app-process.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { look as lookAt } from '../metrics/shown.ts';
import { chapter, filledIn } from './chapters.ts';

const folder = dataFolder();
let app: AppProcess;
beforeAll(async () => {
  app = await startApp({ dataDir: folder.path, env: { AUDIT_SEAL_INTERVAL_MS: '200' } });
}, 120_000);
afterAll(async () => {
  await endApps();
  folder.remove();
}, 60_000);

type Checks = { ok: boolean; checks: { check: string; ok: boolean; says: string; todo: string | null }[] };
const { look } = chapter('Temporal, a database or the mail server is away');

/** What the runbook's command says of what is wrong, with this changed in its environment. */
async function wrong(env: Record<string, string> = {}): Promise<{ code: number | null; wrong: Checks['checks'] }> {
  const [args = []] = look;
  const { code, out, err } = await opsOn(folder.path, { PORT: String(app.port), ...env })(['--json', ...args]);
  expect(out, err).not.toBe('');
  return { code, wrong: (JSON.parse(out) as Checks).checks.filter(({ ok }) => !ok) };
}

const ops = (args: string[]) => opsOn(folder.path, { PORT: String(app.port) })(['--json', ...args]);

it('what is looked at when the API is slow says what is well', async () => {
  for (const args of chapter('The API is slow').look) expect(await ops(args), args.join(' ')).toMatchObject({ code: 0 });
}, 60_000);

describe('the doctor', () => {
  it('finds nothing wrong with what is well', async () => {
    expect(await wrong()).toEqual({ code: 0, wrong: [] });
  });

  it.each([
    ['Temporal that does not answer', { TEMPORAL_ADDRESS: '127.0.0.1:9' }, 'temporal', /TEMPORAL_ADDRESS/],
    ['a database that does not answer', { DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:9/none' }, 'databases', /PostgreSQL/],
    ['an API that does not answer', { PORT: '9' }, 'api', /PUBLIC_URL/],
  ])('says what to do about %s', async (_what, env, check, todo) => {
    const found = await wrong(env);
    expect(found).toMatchObject({ code: 1, wrong: expect.arrayContaining([expect.objectContaining({ check, todo: expect.stringMatching(todo) })]) });
  }, 60_000);

  it('says what to do about a migration that is missing, keys that are not those of the installation, and a watch that is paused', async () => {
    const sql = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
    const [row] = await sql`delete from edc.migrations where hash = (select hash from edc.migrations order by made_at desc limit 1) returning *`;
    const { temporalAddress } = embeddedServers(app);
    // A start that another installation's keys have sealed.
    const { client, close } = await openTemporalClient({ connection: { address: temporalAddress }, namespace: 'default' }, TEST_SECRETS.payloadKeys);
    const schedule = client.schedule.getHandle(WATCH_SCHEDULE_ID);
    await schedule.pause('maintenance');
    await client.workflow.start('reportIncident', { workflowId: 'incident/another', taskQueue: 'nobody', args: [{ sealed: 'elsewhere' }] });
    try {
      await expect.poll(async () => (await wrong()).wrong.map(({ check }) => check).toSorted(), { timeout: 30_000 }).toEqual(['codec', 'database edc', 'watch']);
      const { wrong: found } = await wrong();
      expect(found.map(({ says, todo }) => `${says} ${todo}`).join('\n')).toMatch(/lacks \d{4}_[^]*paused|paused[^]*lacks \d{4}_/);
    } finally {
      await client.workflow.getHandle('incident/another').terminate();
      await schedule.unpause();
      await close();
      if (row) await sql`insert into edc.migrations ${sql(row)}`;
      await sql.end({ timeout: 5 });
    }
  }, 60_000);
});

it('keys are renewed while the system runs, and it says how old they are', async () => {
  const ids = new Set<string>();
  for (const args of filledIn(chapter('Keys and certificates grow old').heal, { YOU: 'op-1' })) {
    const { code, out, err } = await ops(args);
    expect(code, out + err).toBe(0);
    ids.add((JSON.parse(out) as { keyId: string }).keyId);
  }
  expect(ids.size).toBe(3);
  const { series } = await lookAt(app.url);
  const made = series.filter(({ name }) => name === 'key_created_timestamp_seconds');
  expect(made.map(({ labels }) => labels['ring']).toSorted()).toEqual(['audit_seal', 'key_encryption', 'payload']);
  for (const { value } of made) expect(Date.now() / 1000 - value).toBeLessThan(2 * 86_400);
}, 60_000);

it('a trail that was changed past the system is noticed by it, and verified to be broken', async () => {
  const found = async () => (await lookAt(app.url)).sum('audit_findings', { service: 'study' });
  await expect.poll(async () => (await lookAt(app.url)).sum('audit_entries_checked_total', { service: 'study' }), { timeout: 20_000 }).toBeGreaterThan(0);
  expect(await found()).toBe(0);
  const sql = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update study.audit_entries set verb = 'other' where number = (select min(number) from study.audit_entries)`;
  });
  await sql.end({ timeout: 5 });
  await expect.poll(found, { timeout: 20_000 }).toBeGreaterThan(0);
  const [args = []] = chapter('The audit trail is not as it was sealed').look;
  const { code, out } = await ops(args);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ intact: false, services: { study: { findings: [{ kind: 'entry_altered' }] } } });
}, 60_000);
