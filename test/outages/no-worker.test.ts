// Real: everything. The outage: no worker for workflows, as while they are being replaced.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { QUEUES } from '../../runtime/workers.ts';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import { insist } from '../once/insist.ts';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy, ELIGIBLE, type EnrollmentBody, resultsOf, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const WITHOUT = QUEUES.filter((name) => name !== 'enrollment');

/** Nothing is under way in it, and nobody holds a task of it. */
async function atRest({ system: { client } }: TestSystem, workflowId: string): Promise<void> {
  await vi.waitFor(async () => {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    if ((raw.pendingActivities ?? []).length > 0 || raw.pendingWorkflowTask) throw new Error('the run is still at work');
  }, { timeout: 15_000, interval: 50 });
}

/** As a worker that is ending: it takes the task of a run at rest, and completes it without the message that is in it. */
async function giveBack({ system: { client } }: TestSystem, workflowId: string): Promise<void> {
  await client.withDeadline(Date.now() + 15_000, async () => {
    for (;;) {
      const task = await client.workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: 'enrollment' }, identity: 'ending' });
      // That of another run is given to the next worker when its time is over.
      if (task.workflowExecution?.workflowId !== workflowId) continue;
      // Completed with a Signal in it, the run would not hear of that until something else happens.
      const signalled = task.history?.events?.some((event) => event.workflowExecutionSignaledEventAttributes);
      if (!task.messages?.length || signalled) throw new Error('the task of a run at rest brings a message and nothing else');
      await client.workflowService.respondWorkflowTaskCompleted({ namespace: 'default', taskToken: task.taskToken, identity: 'ending' });
      return;
    }
  });
}

describe('when no worker takes up enrollments', () => {
  let at: TestSystem;

  beforeAll(async () => {
    at = await startTestSystem({ queues: WITHOUT });
  });
  afterAll(() => at.stop());

  /** An enrollment that awaits its screening results, with no worker any more. */
  async function screenedAlone() {
    const study = await directStudy(at, { protocol: SCREENED_PROTOCOL });
    await at.restart({ queues: QUEUES });
    const patientId = await study.register();
    const { enrollmentId } = (await insist(() => study.enrol(patientId))).body;
    await study.until(enrollmentId, ({ awaiting }) => awaiting !== undefined);
    const workflowId = workflowIdOf({ studyCode: study.studyCode, patientId });
    // A task that a worker still holds when it ends is given anew ten seconds later, with all that has come since.
    await atRest(at, workflowId);
    await at.restart({ queues: WITHOUT });
    // Otherwise the server may keep a message for the worker that has just ended, for ten seconds.
    await at.system.client.workflowService.resetStickyTaskQueue({ namespace: 'default', execution: { workflowId } });
    return { study, enrollmentId, workflowId };
  }

  it('accepts them with 202, finds them at once and always, and finishes them when a worker comes', { timeout: 90_000 }, async () => {
    const study = await directStudy(at);
    const posts = await Promise.all(Array.from({ length: 5 }, async () => ({ body: study.body(await study.register()), key: randomUUID() })));
    const post = ({ body, key }: (typeof posts)[number]) => insist(() => study.clinician.post<EnrollmentBody>('/enrollments', body, key));
    const accepted = await Promise.all(posts.map(post));
    const ids = accepted.map(({ body }) => body.enrollmentId);
    for (const { status, headers, body } of accepted) {
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`/api/v1/enrollments/${body.enrollmentId}`);
    }
    for (let look = 0; look < 5; look += 1) {
      const found = await Promise.all(ids.map((id) => study.get(id)));
      for (const { status, body } of found) expect({ status, stage: body.stage }).toEqual({ status: 200, stage: 'consent' });
    }
    const repeated = await Promise.all(posts.map(post));
    expect(repeated.map(({ status }) => status)).toEqual(ids.map(() => 202));
    expect(repeated.map(({ body }) => body.enrollmentId)).toEqual(ids);
    const [withdrawn = '', ...others] = ids;
    expect((await study.withdraw(withdrawn)).status).toBe(202);

    await at.restart({ queues: QUEUES });
    for (const id of others) await study.until(id, ({ outcome }) => outcome === 'active', 30_000);
    await study.until(withdrawn, ({ outcome }) => outcome === 'declined', 30_000);
    const again = await Promise.all(posts.map(post));
    expect(again.map(({ status }) => status)).toEqual(ids.map(() => 201));
    expect(again.map(({ body }) => body.enrollmentId)).toEqual(ids);
    await expectInvariants(at);
  });

  it('refuses for now what a worker gave back without having looked at it, and does it once when it is asked again', { timeout: 60_000 }, async () => {
    const { study, enrollmentId, workflowId } = await screenedAlone();
    const key = randomUUID();
    const results = { results: resultsOf(ELIGIBLE) };
    const ask = () => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, results, key);
    const asked = ask();
    await giveBack(at, workflowId);
    const refused = await asked;
    expect(refused).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await at.restart({ queues: QUEUES });
    expect(await insist(ask)).toMatchObject({ status: 201, body: { recorded: 2, verdict: 'met' } });
    await study.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'eligibility');
  });

  it('does not refuse a withdrawal that a run took before it ended, when nobody is there to say so', { timeout: 60_000 }, async () => {
    const { study, enrollmentId, workflowId } = await screenedAlone();
    const key = randomUUID();
    const withdraw = () => study.withdraw(enrollmentId, 'interventions', key);
    const asked = withdraw();
    // The Update is lost, and the Signal that is sent in its place is kept.
    await giveBack(at, workflowId);
    expect((await asked).status).toBe(202);
    await at.restart({ queues: QUEUES });
    await study.until(enrollmentId, ({ outcome }) => outcome === 'declined');
    await at.system.client.workflow.getHandle(workflowId).result();

    await at.restart({ queues: WITHOUT });
    expect(await withdraw()).toMatchObject({ status: 503, body: { code: 'outcome_unknown' } });
    await at.restart({ queues: QUEUES });
    expect((await insist(withdraw)).status).toBe(200);
  });

  it('says that an outcome stands instead of storing a withdrawal from it', { timeout: 60_000 }, async () => {
    const study = await directStudy(at, { cap: 1 });
    await at.restart({ queues: QUEUES });
    const { enrollmentId } = (await insist(async () => study.enrol(await study.register()))).body;
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
    await at.database.sql`update study.enrollments set outcome = 'expired' where id = ${enrollmentId}`;
    await at.restart({ queues: WITHOUT });
    expect(await study.withdraw(enrollmentId)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
  });
});
