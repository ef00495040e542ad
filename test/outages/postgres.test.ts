// Real: everything. The outage: a TCP proxy between the services and PostgreSQL that breaks or swallows connections.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { expectRetryAfter, insist } from '../once/insist.ts';
import { tallyOf } from '../once/tally.ts';
import { expectInvariants } from '../support/invariants.ts';
import { caller, directStudy, type DirectStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { startTcpProxy, type TcpProxy, through } from './tcp-proxy.ts';

const TIMEOUT = { timeout: 60_000 };

describe('when PostgreSQL is down', () => {
  let at: TestSystem;
  let study: DirectStudy;
  let proxies: Record<ServiceName, TcpProxy>;
  const all = <T>(act: (proxy: TcpProxy) => T) => Promise.all(Object.values(proxies).map(act));

  beforeAll(async () => {
    at = await startTestSystem();
    const port = Number(new URL(at.database.url).port);
    const made = await Promise.all(SERVICES.map(async (name) => [name, await startTcpProxy(port)] as const));
    proxies = Object.fromEntries(made) as Record<ServiceName, TcpProxy>;
    await at.restart({
      databaseUrls: Object.fromEntries(SERVICES.map((name) => [name, through(at.database.urlOf(name), proxies[name])])),
      databaseTimeoutMs: 1500,
      timing: { attempts: 200, retryMaximumMs: 300 },
    });
    study = await directStudy(at);
  });
  afterEach(() => all((proxy) => proxy.restore()));
  afterAll(async () => {
    await at.stop();
    await all((proxy) => proxy.stop());
  });

  const newPerson = () => ({ name: 'Test Person', identifiers: [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }], siteId: study.siteId });
  const rows = async () => {
    const [count] = await at.database.sql`
      select (select count(*)::int from patient.patients) as patients, (select count(*)::int from patient.consents) as consents,
        (select count(*)::int from site.sites) as sites, (select count(*)::int from study.enrollments) as enrollments,
        (select count(*)::int from patient.command_keys) as patient_keys, (select count(*)::int from site.command_keys) as site_keys`;
    return count;
  };

  it.for(['refused', 'silent'] as const)('answers every write with 503 and Retry-After, changes nothing, and recovers by itself: %s', TIMEOUT, async (how) => {
    const person = newPerson();
    const enrolling = study.body(await study.register());
    const site = { code: `X-${how}`, name: 'Hospital', timezone: 'UTC' };
    const keys = { person: randomUUID(), enrolling: randomUUID(), site: randomUUID() };
    const writes = [
      () => study.clinician.post('/patients', person, keys.person),
      () => study.clinician.post('/enrollments', enrolling, keys.enrolling),
      () => study.admin.post('/sites', site, keys.site),
    ];
    const before = await rows();
    await all((proxy) => (how === 'refused' ? proxy.cut() : proxy.hush()));
    for (let round = 0; round < 2; round += 1) {
      for (const answer of await Promise.all(writes.map((write) => write()))) expectRetryAfter(answer);
    }
    expectRetryAfter(await study.clinician.get('/enrollments'));
    expect((await fetch(`${at.url}/healthz`)).status).toBe(200);
    expect(await at.readiness()).toMatchObject({ ready: false, dependencies: { database_patient: 'unavailable', database_study: 'unavailable', temporal: 'ok' } });
    expect(await rows()).toEqual(before);

    await all((proxy) => proxy.restore());
    await expect.poll(async () => (await at.readiness()).ready, { timeout: 10_000 }).toBe(true);
    const [registered, enrolled, created] = await Promise.all(writes.map((write) => insist(write)));
    expect([registered?.status, created?.status]).toEqual([201, 201]);
    // 202 on a busy machine: then the consent is still on its way.
    expect([201, 202]).toContain(enrolled?.status);
    await expect.poll(rows, { timeout: 10_000 }).toMatchObject({ patients: Number(before?.['patients']) + 1, sites: Number(before?.['sites']) + 1, consents: Number(before?.['consents']) + 1 });
  });

  it('lets enrollments that were under way go on when it is back, each once', TIMEOUT, async () => {
    const mine = await directStudy(at);
    const posts = await Promise.all(Array.from({ length: 8 }, async () => ({ body: mine.body(await mine.register()), key: randomUUID() })));
    const answers = posts.map(({ body, key }) => insist(() => mine.clinician.post<EnrollmentBody>('/enrollments', body, key)));
    await Promise.race(answers);
    for (let round = 0; round < 3; round += 1) {
      await all((proxy) => proxy.cut());
      await expect.poll(async () => (await mine.clinician.get('/enrollments')).status, { timeout: 10_000 }).toBe(503);
      await all((proxy) => proxy.restore());
      await expect.poll(async () => (await mine.clinician.get('/enrollments')).status, { timeout: 10_000 }).toBe(200);
    }
    const ids = (await Promise.all(answers)).map(({ body }) => body.enrollmentId);
    for (const id of ids) await mine.until(id, ({ outcome }) => outcome === 'active', 30_000);
    expect(await tallyOf(at.database.sql, mine.studyId)).toMatchObject({ confirmed: 8, reserved: 0, outcomes: { active: 8 }, consents: 8, casebooksOpen: 8, enrolledNotices: 8 });
    await expectInvariants(at);
  });

  it('answers what the databases that are up can answer, and finishes when the other is back', TIMEOUT, async () => {
    const mine = await directStudy(at);
    const patientId = await mine.register();
    await proxies.edc.cut();
    const posted = await mine.enrol(patientId);
    expect(posted.status).toBe(201);
    const { enrollmentId } = posted.body;
    await mine.until(enrollmentId, ({ stage }) => stage === 'casebook', 20_000);
    expect((await mine.clinician.get<{ items: EnrollmentBody[] }>(`/enrollments?studyId=${mine.studyId}`)).body.items).toMatchObject([{ enrollmentId }]);
    expect((await mine.clinician.get(`/patients/${patientId}`)).status).toBe(200);
    expect((await mine.clinician.get(`/enrollments/${enrollmentId}/timeline`)).status).toBe(200);

    await proxies.site.cut();
    expectRetryAfter(await mine.enrol(await mine.register()));
    expect(await mine.get(enrollmentId)).toMatchObject({ status: 200, body: { patientInfo: { id: patientId } } });
    expect(await mine.clinician.get(`/studies/${mine.studyId}`)).toMatchObject({ status: 200, body: { code: mine.studyCode, sites: null, degraded: ['site'] } });
    proxies.patient.hush();
    expect(await mine.get(enrollmentId)).toMatchObject({ status: 200, body: { stage: 'casebook', patientInfo: null, degraded: ['patient'] } });
    await all((proxy) => proxy.restore());
    await mine.until(enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    await expectInvariants(at);
  });

  it('still knows who may ask', async () => {
    await all((proxy) => proxy.cut());
    const response = await fetch(`${at.url}/api/v1/enrollments`);
    expect(response.status).toBe(401);
    const patient = await caller(at, 'pharmacist');
    expect((await patient.post('/sites', {})).status).toBe(403);
  });
});
