// Real: everything. The outage: a TCP proxy between the system and Temporal that breaks or swallows connections.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answered } from '../enrollment/faults.ts';
import { expectRetryAfter, insist } from '../once/insist.ts';
import { tallyOf } from '../once/tally.ts';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy, type DirectStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

describe('when Temporal is down', () => {
  let at: TestSystem;
  let proxy: TcpProxy;
  let workersEnded: unknown = 'no';

  beforeAll(async () => {
    at = await startTestSystem();
    proxy = await startTcpProxy(Number(at.temporal.address.split(':')[1]));
    await at.restart({ temporalAddress: `127.0.0.1:${proxy.port}`, timing: { roundMs: 600_000 } });
    at.system.workers.finished.then(() => (workersEnded = 'stopped'), (error: unknown) => (workersEnded = error));
  });
  afterAll(async () => {
    await proxy.restore();
    await at.stop();
    await proxy.stop();
  });

  /** A participant past the pivot whose doctor cannot be told: runs until an operator speaks. */
  async function parked(study: DirectStudy): Promise<string> {
    const { body } = await study.enrol(await study.register());
    await study.until(body.enrollmentId, ({ stuckStep }) => stuckStep === 'notices', 20_000);
    await expect.poll(async () => (await listed(study, body.enrollmentId))?.needsAttention, { timeout: 10_000 }).toBe(true);
    return body.enrollmentId;
  }
  async function listed(study: DirectStudy, enrollmentId: string): Promise<EnrollmentBody | undefined> {
    const { status, body } = await study.clinician.get<{ items: EnrollmentBody[] }>(`/enrollments?studyId=${study.studyId}&needsAttention=true`);
    expect(status).toBe(200);
    return body.items.find((item) => item.enrollmentId === enrollmentId);
  }

  it.for(['refused', 'silent'] as const)('starts nothing, answers from the records, and recovers by itself within seconds: %s', { timeout: 90_000 }, async (how) => {
    const study = await directStudy(at, { doctorEmail: 'doctor@mailbox-full.example' });
    const running = await parked(study);
    const enrolling = study.body(await study.register());
    const [key, resolving] = [randomUUID(), randomUUID()];
    const post = () => study.clinician.post<EnrollmentBody>('/enrollments', enrolling, key);

    if (how === 'refused') await proxy.cut();
    else proxy.hush();
    expectRetryAfter(await post());
    expectRetryAfter(await post());
    expectRetryAfter(await study.resolve(running, 'retry', resolving));
    expectRetryAfter(await study.withdraw(running));
    expect(await study.get(running)).toMatchObject({ status: 200, body: { stage: 'activation', needsAttention: true, degraded: ['temporal'] } });
    expect(await listed(study, running)).toMatchObject({ stage: 'activation' });
    expect((await study.clinician.get(`/enrollments/${running}/timeline`)).status).toBe(200);
    await study.register();
    expect(await at.readiness()).toMatchObject({ ready: false, dependencies: { temporal: 'unavailable', database_study: 'ok' } });
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ consents: 1, outcomes: { open: 1 } });
    // Long enough for the clients to try less and less often.
    await delay(5000);

    await proxy.restore();
    await expect.poll(async () => (await study.get(running)).body['degraded'], { timeout: 10_000 }).toBeUndefined();
    // 202 as long as the workers of workflows and of Patient are not both back: they ask again in their own time.
    const { status, body } = await answered(post);
    expect(status).toBe(201);
    await study.setDoctor('doctor@hospital.example');
    expect((await insist(() => study.resolve(running, 'retry', resolving))).status).toBe(200);
    await study.until(running, ({ outcome }) => outcome === 'active', 20_000);
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active', 20_000);
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ consents: 2, outcomes: { active: 2 }, confirmed: 2 });
    await expectInvariants(at);
    expect(workersEnded).toBe('no');
  });
});
