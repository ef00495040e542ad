// Real: the whole application as a process, which seals its trails, and the operators' command line beside it.
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppProcess, databaseUrl, dataFolder, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { SERVICES } from '../../db/provision.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { opsOn } from './run-ops.ts';

const folder = dataFolder();
let app: AppProcess;
let sql: postgres.Sql;
let study: DirectStudy;
beforeAll(async () => {
  app = await startApp({ dataDir: folder.path, env: { AUDIT_SEAL_INTERVAL_MS: '200' } });
  sql = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
  study = await directStudy({ url: app.url, issuer: await issuerOf(folder.path) }, { cap: 100 });
}, 120_000);
afterAll(async () => {
  await sql?.end({ timeout: 0 });
  await endApps();
  folder.remove();
}, 60_000);

const ops = opsOn(folder.path);

type Verdict = { intact: boolean; services: Record<string, { sealed: number; unsealed: number; seals: number; count: number; findings: { kind: string }[] }> };
const verify = async (...more: string[]) => {
  const { code, out } = await ops(['--json', 'audit', 'verify', ...more]);
  return { code, verdict: JSON.parse(out) as Verdict };
};

it('the trails of all services are sealed as they grow, verified beside the running system, and written down outside of the database', async () => {
  const patientId = await study.register();
  const { body } = await study.enrol(patientId);
  await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active');
  await expect.poll(async () => (await verify()).verdict.services, { timeout: 20_000 }).toMatchObject(
    Object.fromEntries(SERVICES.map((name) => [name, { sealed: expect.any(Number), unsealed: 0, count: 0, findings: [] }])),
  );
  const { code, verdict } = await verify();
  expect({ code, intact: verdict.intact }).toEqual({ code: 0, intact: true });
  for (const service of SERVICES) {
    const { sealed, seals } = verdict.services[service]!;
    expect(sealed, service).toBeGreaterThan(0);
    const lines = (await readFile(join(folder.path, 'audit-seals', `${service}.jsonl`), 'utf8')).trimEnd().split('\n');
    expect(lines, service).toHaveLength(seals);
  }
}, 60_000);

it('another signing key seals from then on, audited, and the seals of before go on verifying', async () => {
  const { code, out } = await ops(['--json', 'keys', 'rotate', '--seals', '--as', 'op-1', '--reason', 'yearly change']);
  expect(code, out).toBe(0);
  const { keyId } = JSON.parse(out) as { keyId: string };
  await expect.poll(async () => {
    await study.register();
    return (await sql`select 1 from patient.audit_seals where key_id = ${keyId}`).length;
  }, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(new Set((await sql`select key_id from patient.audit_seals`).map(({ key_id }) => key_id as string)).size).toBe(2);
  expect(await verify()).toMatchObject({ code: 0, verdict: { intact: true } });
}, 60_000);

describe('npm run ops -- audit export', () => {
  const exported = async (name: string, ...more: string[]) => {
    const file = join(folder.path, name);
    const { code, out, err } = await ops(['--json', 'audit', 'export', '--out', file, '--as', 'op-1', '--reason', 'inspection of 2026', ...more]);
    expect(code, out + err).toBe(0);
    return { text: await readFile(file, 'utf8'), told: JSON.parse(out) as { entries: Record<string, number> } };
  };

  it('writes a copy for an inspector: for people with signatures and seals, as CSV, and as JSON', async () => {
    const { text } = await exported('copy.txt');
    expect(text).toMatch(/ {2}electronic signature: .+, 20.+Z, meaning: /);
    for (const service of SERVICES) expect(text).toMatch(new RegExp(`^${service}: sealed up to number \\d+ by seal \\d+`, 'm'));
    expect((await stat(join(folder.path, 'copy.txt'))).mode & 0o777).toBe(0o600);
    const json = await exported('copy.jsonl', '--format', 'json');
    const entries = json.text.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['number'] !== undefined);
    expect(entries).toHaveLength(Object.values(json.told.entries).reduce((sum, one) => sum + one, 0));
    const csv = await exported('copy.csv', '--format', 'csv', '--service', 'study');
    expect(csv.text.trimEnd().split('\r\n').length).toBe(csv.told.entries['study']! + 1);
  }, 60_000);

  it('tells of one enrollment what every service has done for it', async () => {
    const [{ id }] = await sql<[{ id: string }]>`select id from study.enrollments limit 1`;
    const { told: { entries } } = await exported('one.jsonl', '--format', 'json', '--enrollment', id);
    for (const service of SERVICES) expect(entries[service], service).toBeGreaterThan(0);
  }, 60_000);

  it('withholds what identifies participants unless it is asked for, which is in the trail', async () => {
    const name = 'Test Person';
    expect((await exported('masked.jsonl', '--format', 'json')).text).not.toContain(name);
    expect((await exported('whole.jsonl', '--format', 'json', '--identified')).text).toContain(name);
    const [row] = await sql`select actor->>'id' as who from patient.audit_entries where verb = 'listAuditEntries' order by number desc limit 1`;
    expect(row).toEqual({ who: 'op-1' });
  }, 60_000);

  it('never writes over a file', async () => {
    const { code, err } = await ops(['audit', 'export', '--out', join(folder.path, 'copy.txt'), '--as', 'op-1', '--reason', 'x']);
    expect(code).toBe(1);
    expect(err).toContain('copy.txt');
  }, 60_000);
});

it('says which entry was altered, and fails', async () => {
  const [row] = await sql`select id from patient.audit_entries where entity = 'patient' order by number limit 1`;
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update patient.audit_entries set verb = 'other' where id = ${row!['id'] as string}`;
  });
  const { code, out } = await ops(['audit', 'verify', '--service', 'patient']);
  expect(code).toBe(1);
  expect(out).toContain('patient: 1 findings');
  expect(out).toContain(`entry_altered number`);
  expect(out).toContain(row!['id'] as string);
}, 60_000);

it('seals that were taken away with all they were about are missed by what was written down', async () => {
  const service = 'site';
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from site.audit_seals where number = (select max(number) from site.audit_seals)`;
    await tx`delete from site.audit_entries where number > (select coalesce(max(up_to), 0) from site.audit_seals)`;
  });
  const { code, verdict } = await verify('--service', service);
  expect(code).toBe(1);
  expect(verdict.services[service]?.findings).toMatchObject([{ kind: 'seal_removed' }]);
  await rm(join(folder.path, 'audit-seals', `${service}.jsonl`));
  expect(await verify('--service', service)).toMatchObject({ code: 0 });
}, 60_000);

it('refuses a service that there is not', async () => {
  const { code, err } = await ops(['audit', 'verify', '--service', 'other']);
  expect(code).toBe(2);
  expect(err).toContain('patient, study, site, edc, notification');
});
