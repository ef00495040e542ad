// Real: a PostgreSQL of this file's own, killed with SIGKILL under load and started again, behind an address that stays.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateService } from '../../db/migrate.ts';
import { ownerOf, provision, roleOf, SERVICES, type ServiceName, urlAs } from '../../db/provision.ts';
import { type RunningPostgres, startPostgres } from '../../runtime/embedded/postgres.ts';
import { expectRetryAfter, insist } from '../once/insist.ts';
import { directStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { startTcpProxy, type TcpProxy, through } from './tcp-proxy.ts';

const KILLS = 4;
const WRITERS = 6;

describe('when PostgreSQL is killed again and again under load', () => {
  let at: TestSystem;
  let dir: string;
  let server: RunningPostgres;
  let proxy: TcpProxy;
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);

  // A commit that was acknowledged outlives the kill of the server, not a power cut.
  const start = () => startPostgres({ dataDir: join(dir, 'postgres'), settings: { fsync: 'off' }, log: join(dir, 'postgres.log') });

  beforeAll(async () => {
    process.on('uncaughtExceptionMonitor', onUncaught);
    dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-outage-'));
    server = await start();
    const passwords = Object.fromEntries(SERVICES.map((name) => [name, randomBytes(12).toString('hex')])) as Record<ServiceName, string>;
    await provision(server.url, passwords);
    const urlOf = (name: ServiceName) => urlAs(server.url, roleOf(name), passwords[name]);
    await Promise.all(SERVICES.map((name) => migrateService(name, { url: server.url, owner: ownerOf(name), role: roleOf(name) })));
    proxy = await startTcpProxy(Number(new URL(server.url).port));
    at = await startTestSystem();
    await at.restart({
      databaseUrls: Object.fromEntries(SERVICES.map((name) => [name, through(urlOf(name), proxy)])),
      databaseTimeoutMs: 1500,
      timing: { attempts: 200, retryMaximumMs: 300 },
    });
  });
  afterAll(async () => {
    await at.stop();
    await proxy.stop();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
    process.off('uncaughtExceptionMonitor', onUncaught);
  });

  it('refuses for now or answers, never loses what it acknowledged, does not crash, and goes on by itself', { timeout: 120_000 }, async () => {
    const study = await directStudy(at);
    const acknowledged = new Set<string>();
    const enrolled = new Map<string, string>();
    const load = new AbortController();
    const write = async () => {
      while (!load.signal.aborted) {
        const answer = await study.clinician.post('/patients', newPerson(study.siteId));
        if (answer.status === 201) acknowledged.add(String((answer.body['patientInfo'] as Record<string, unknown>)['id']));
        else expectRetryAfter(answer);
        const list = await study.clinician.get('/enrollments');
        if (list.status !== 200) expectRetryAfter(list);
      }
    };
    const enrol = async () => {
      while (!load.signal.aborted) {
        const key = randomUUID();
        const person = newPerson(study.siteId);
        const { body } = await insist(() => study.clinician.post('/patients', person, key));
        const enrolling = study.body(String((body['patientInfo'] as Record<string, unknown>)['id']));
        const posted = await insist(() => study.clinician.post<EnrollmentBody>('/enrollments', enrolling, key));
        expect([201, 202]).toContain(posted.status);
        enrolled.set(posted.body.enrollmentId, enrolling.patientId);
      }
    };
    const loops = [...Array.from({ length: WRITERS }, () => write()), enrol(), enrol()];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const known = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(known + 5);
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await expect.poll(async () => (await study.clinician.get('/enrollments')).status, { timeout: 10_000 }).toBe(503);
      server = await start();
      await proxy.restore(Number(new URL(server.url).port));
      await expect.poll(async () => (await study.clinician.get('/enrollments')).status, { timeout: 10_000 }).toBe(200);
    }
    load.abort();
    await Promise.all(loops);

    for (const id of enrolled.keys()) await study.until(id, ({ outcome }) => outcome === 'active', 30_000);
    const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
    const kept = await sql<{ id: string }[]>`select id from patient.patients`;
    const keptIds = new Set(kept.map((row) => row.id));
    expect([...acknowledged].filter((id) => !keptIds.has(id))).toEqual([]);
    const [counts] = await sql`
      select (select sum(confirmed)::int from site.activations) as confirmed, (select sum(reserved)::int from site.activations) as reserved,
        (select count(*)::int from study.enrollments where outcome = 'active') as active, (select count(*)::int from study.enrollments) as records,
        (select count(*)::int from patient.consents) as consents, (select count(*)::int from edc.casebooks where status = 'open') as casebooks`;
    await sql.end();
    const size = enrolled.size;
    expect(counts).toEqual({ confirmed: size, reserved: 0, active: size, records: size, consents: size, casebooks: size });
    expect(uncaught).toEqual([]);
  });
});

function newPerson(siteId: string) {
  return { name: 'Test Person', identifiers: [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }], siteId };
}
