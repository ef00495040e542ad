// Real: the whole application as a process, and the operators' command line beside it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AppProcess, databaseUrl, dataFolder, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { opsOn } from './run-ops.ts';

const folder = dataFolder();
let app: AppProcess;
let sql: postgres.Sql;
let study: DirectStudy;
beforeAll(async () => {
  app = await startApp({ dataDir: folder.path });
  sql = postgres(databaseUrl(folder.path), { max: 3, onnotice: () => undefined });
  study = await directStudy({ url: app.url, issuer: await issuerOf(folder.path) }, { cap: 100 });
}, 120_000);
afterAll(async () => {
  await sql?.end({ timeout: 0 });
  await endApps();
  folder.remove();
}, 60_000);

const ops = opsOn(folder.path);
const acting = ['--as', 'op-1', '--reason', 'yearly change'];
const currentKey = async (file = 'key-encryption.json') => (JSON.parse(await readFile(join(folder.path, 'keys', file), 'utf8')) as { current: string }).current;
const wrappedBy = async () =>
  (await sql<{ key_id: string; n: number }[]>`select key_id, count(*)::int as n from (
    select key_id from patient.data_keys union all select key_id from study.data_keys union all select key_id from notification.data_keys) k group by 1`);

describe('npm run ops -- keys rotate', () => {
  it('wraps all data keys anew while the system runs, audited, and everything reads as before', async () => {
    const patients = await Promise.all(Array.from({ length: 25 }, () => study.register()));
    const before = await currentKey();
    const [{ code, out }, during] = await Promise.all([ops(['--json', 'keys', 'rotate', ...acting]), study.register()]);
    expect(code, out).toBe(0);
    const { keyId, rewrapped } = JSON.parse(out) as { keyId: string; rewrapped: number };
    expect(keyId).toBe(await currentKey());
    expect(keyId).not.toBe(before);
    expect(rewrapped).toBeGreaterThanOrEqual(25);
    expect((await wrappedBy()).map(({ key_id }) => key_id)).toEqual([keyId]);
    for (const patientId of [...patients, during]) expect((await study.clinician.get(`/patients/${patientId}?reveal=true`)).status).toBe(200);
    const [row] = await sql`select actor->>'id' as who from patient.audit_entries where verb = 'rewrapDataKeys' order by id desc limit 1`;
    expect(row).toEqual({ who: 'op-1' });
    const changes = await sql`select actor->>'id' as who from study.audit_entries where entity = 'key' and entity_id = ${keyId}`;
    expect(changes).toEqual([{ who: 'op-1' }]);
  }, 60_000);

  it('goes on where it was cut short, without yet another key', async () => {
    const before = await currentKey();
    const cut = new AbortController();
    const first = ops(['--json', 'keys', 'rotate', ...acting], { kill: cut.signal });
    await vi.waitUntil(async () => (await currentKey()) !== before, { timeout: 20_000, interval: 2 });
    cut.abort();
    expect((await first).code).not.toBe(0);
    const added = await currentKey();
    const { code, out, err } = await ops(['--json', 'keys', 'rotate', ...acting]);
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ keyId: added, resumed: true });
    expect((await wrappedBy()).map(({ key_id }) => key_id)).toEqual([added]);
    expect(await sql`select actor->>'id' as who from study.audit_entries where entity = 'key' and entity_id = ${added}`).toEqual([{ who: 'op-1' }]);
  }, 60_000);

  it('adds a key for what Temporal keeps, beside the older ones', async () => {
    const before = await currentKey('payload.json');
    const { code, out } = await ops(['keys', 'rotate', '--payloads', ...acting]);
    expect(code).toBe(0);
    expect(out).toContain(await currentKey('payload.json'));
    expect(await currentKey('payload.json')).not.toBe(before);
    await delay(1500);
    expect((await study.enrol(await study.register())).status).toBe(201);
  }, 60_000);
});

describe('npm run ops -- patients erase', () => {
  it('erases who was never enrolled, and says of others what stands against it', async () => {
    const patientId = await study.register();
    const erased = await ops(['--json', 'patients', 'erase', patientId, ...acting]);
    expect(erased.code, erased.err).toBe(0);
    const { body } = await study.clinician.get<{ patientInfo: { name: string; erasedAt: string } }>(`/patients/${patientId}`);
    expect(body.patientInfo).toMatchObject({ name: '', erasedAt: (JSON.parse(erased.out) as { erasedAt: string }).erasedAt });
    const enrolled = await study.register();
    expect((await study.enrol(enrolled)).status).toBe(201);
    const refused = await ops(['patients', 'erase', enrolled, ...acting]);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('enrollment_not_ended') });
    expect(await ops(['patients', 'erase', crypto.randomUUID(), ...acting])).toMatchObject({ code: 1, err: expect.stringContaining('patient_not_found') });
  }, 60_000);
});

it.each([[['keys', 'rotate']], [['keys', 'rotate', '--as', 'op 1', '--reason', 'x']], [['patients', 'erase', '--as', 'a', '--reason', 'x']], [['nonsense']], [['keys', 'rotate', '--as', 'a', '--reason', '  ']]])(
  'what is asked wrongly is refused with exit code 2: %j',
  async (args) => {
    const { code, err } = await ops(args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
  },
);

it('--help says what there is, at every level', async () => {
  for (const args of [[], ['keys'], ['keys', 'rotate'], ['patients'], ['patients', 'erase']]) {
    const { code, out } = await ops([...args, '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: ops');
  }
});
