import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUES } from '../../runtime/workers.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { evidenceOf } from './evidence.ts';
import { eventually, Faults } from './faults.ts';
import { expectLegible } from './legible.ts';
import { expectNothingPersonal } from './privacy.ts';
import { resolve, withdraw } from './words.ts';

const REFUSING = 'doctor@mailbox-full.example';
const ONLY_PEOPLE_END_A_WAIT = { roundMs: 60_000 };

describe('a withdrawal', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: ONLY_PEOPLE_END_A_WAIT });
    study = await studyWithStaff();
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  async function studyWithStaff(options: { doctorEmail?: string; cap?: number } = {}) {
    const made = await directStudy(at, options);
    for (const [userId, role] of [['sponsor-1', 'sponsor'], ['pharmacist-1', 'pharmacist']] as const) {
      await made.admin.post(`/studies/${made.studyId}/contacts`, { userId, name: role, email: `${role}@sponsor.example`, role });
    }
    return made;
  }

  /** An enrollment of which one activity hangs. */
  async function hanging(activity: string, where: 'before' | 'after') {
    const patientId = await study.register();
    const hold = faults.hold(activity, where, patientId);
    const { body } = await study.enrol(patientId);
    await hold.reached();
    const { enrollmentId } = body;
    return { enrollmentId, patientId, hold, evidence: evidenceOf(at, enrollmentId), workflowId: `enrollment/${study.studyCode}/${patientId}` };
  }

  const result = (workflowId: string) => at.system.client.workflow.getHandle(workflowId).result();

  describe('before the pivot ends the enrollment at once, although an activity hangs, and undoes it', () => {
    it.concurrent.each([
      { activity: 'openEnrollment', where: 'before', outcome: 'declined', slots: [], casebook: [] },
      { activity: 'openEnrollment', where: 'after', outcome: 'declined', slots: [], casebook: [] },
      { activity: 'reserveSlot', where: 'before', outcome: 'declined', slots: [], casebook: [] },
      { activity: 'reserveSlot', where: 'after', outcome: 'declined', slots: ['released'], casebook: [] },
      { activity: 'enrollParticipant', where: 'before', outcome: 'declined', slots: ['released'], casebook: [] },
      { activity: 'enrollParticipant', where: 'after', outcome: 'withdrawn', slots: ['released'], casebook: [] },
      { activity: 'openCasebook', where: 'before', outcome: 'withdrawn', slots: ['released'], casebook: [] },
      { activity: 'openCasebook', where: 'after', outcome: 'withdrawn', slots: ['released'], casebook: ['closed'] },
      { activity: 'confirmSlot', where: 'before', outcome: 'withdrawn', slots: ['released'], casebook: ['closed'] },
    ] as const)('$activity hangs $where its commit: $outcome', async ({ activity, where, outcome, slots, casebook }) => {
      const { enrollmentId, hold, evidence, workflowId } = await hanging(activity, where);
      const acknowledged = await withdraw(study, enrollmentId);
      expect(acknowledged.status).toBe(200);

      const ended = await study.until(enrollmentId, (now) => now.outcome !== undefined);
      expect(ended).toMatchObject({ outcome, status: outcome === 'declined' ? 'not-registered' : 'withdrawn' });
      await result(workflowId);
      expect((await study.get(enrollmentId)).body).toMatchObject({ outcome, outcomeReason: 'decided_by_participant' });
      // The attempt that hung goes on now: it is refused, or was undone already.
      await hold.release();
      expect(await evidence.slots()).toEqual(slots);
      expect(await evidence.casebook()).toEqual(casebook);
      expect((await evidence.epro()).filter((status) => status !== 'off')).toEqual([]);
      expect(await evidence.consents()).toEqual(['valid']);
      expect((await evidence.log()).filter((line) => line['closed'] !== true || line['outcome'] !== outcome)).toEqual([]);
      const mails = await evidence.mails();
      const told = outcome === 'declined' ? ['not_enrolled to coordinator-1', 'not_enrolled to sponsor-1'] : ['withdrawn to doctor-1', 'withdrawn to pharmacist-1', 'withdrawn to sponsor-1'];
      expect(mails.filter((mail) => !mail.startsWith('consent_recorded'))).toEqual(told);
    });

    it.concurrent('a consent that was signed is still recorded', async () => {
      const { enrollmentId, hold, evidence, workflowId } = await hanging('recordConsent', 'before');
      expect((await withdraw(study, enrollmentId)).status).toBe(200);
      await hold.release();
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'declined' });
      await result(workflowId);
      expect(await evidence.consents()).toEqual(['valid']);
      expect(await evidence.slots()).toEqual([]);
    });

    it.concurrent('a step that waits for an operator waits no longer', async () => {
      const patientId = await study.register();
      faults.fail('openCasebook', patientId);
      const { enrollmentId } = (await study.enrol(patientId)).body;
      await study.until(enrollmentId, (now) => now.stuckStep === 'casebook');
      const key = randomUUID();
      expect((await withdraw(study, enrollmentId, 'interventions', key)).status).toBe(200);
      const ended = await study.until(enrollmentId, (now) => now.outcome !== undefined && !now.needsAttention);
      expect(ended).toMatchObject({ outcome: 'withdrawn', status: 'withdrawn' });
      await result(`enrollment/${study.studyCode}/${patientId}`);
      expect((await withdraw(study, enrollmentId, 'interventions', key)).status).toBe(200);
      expect(await withdraw(study, enrollmentId)).toMatchObject({ status: 409, body: { code: 'already_withdrawn' } });
      expect((await study.get(enrollmentId)).body).toMatchObject({ outcome: 'withdrawn', status: 'withdrawn' });
    });

    it.concurrent('the place that it gives back goes to the next one', async () => {
      const single = await studyWithStaff({ cap: 1 });
      const patientId = await single.register();
      const hold = faults.hold('openCasebook', 'before', patientId);
      const { enrollmentId } = (await single.enrol(patientId)).body;
      await hold.reached();
      expect((await withdraw(single, enrollmentId)).status).toBe(200);
      await single.until(enrollmentId, (now) => now.outcome === 'withdrawn');
      const next = await single.enrol(await single.register());
      expect(next.status).toBeLessThan(300);
      await single.until(next.body.enrollmentId, (now) => now.outcome === 'active');
      await hold.release();
    });
  });

  describe('during the pivot', () => {
    it.concurrent('applies to what came out: confirmed stays confirmed, and what the scope says is stopped', async () => {
      const { enrollmentId, hold, evidence, workflowId } = await hanging('confirmSlot', 'after');
      const acknowledged = await withdraw(study, enrollmentId, 'all_data_collection');
      expect(acknowledged.status).toBe(200);
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'withdrawn', status: 'withdrawn' });
      await result(workflowId);
      await hold.release();
      expect(await evidence.slots()).toEqual(['confirmed']);
      expect(await evidence.casebook()).toEqual(['locked']);
      expect(await evidence.epro()).toEqual(['off']);
    });

    it.concurrent('an abort is acknowledged, too, and comes too late when the pivot was passed', async () => {
      const { enrollmentId, hold, evidence } = await hanging('confirmSlot', 'after');
      expect(await resolve(study, enrollmentId, 'abort')).toMatchObject({ status: 200 });
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'active', status: 'on-study' });
      await hold.release();
      expect(await evidence.slots()).toEqual(['confirmed']);
      expect(await evidence.casebook()).toEqual(['open']);
    });

    it.concurrent('an abort undoes when the pivot was not passed, and the late confirmation is refused', async () => {
      const { enrollmentId, hold, evidence, workflowId } = await hanging('confirmSlot', 'before');
      expect(await resolve(study, enrollmentId, 'abort')).toMatchObject({ status: 200 });
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'voided' });
      await result(workflowId);
      await hold.release();
      expect(await evidence.slots()).toEqual(['released']);
      expect(await evidence.casebook()).toEqual(['closed']);
    });

    it.concurrent('an abort while the confirmation cannot be settled is acknowledged and applied once it is', async () => {
      const patientId = await study.register();
      const mend = [faults.fail('confirmSlot', patientId), faults.fail('settleSlotConfirmation', patientId)];
      const { enrollmentId } = (await study.enrol(patientId)).body;
      await study.until(enrollmentId, (now) => now.stuckStep === 'settle the confirmation');
      expect(await resolve(study, enrollmentId, 'abort')).toMatchObject({ status: 200, body: { interruption: 'abort' } });
      for (const each of mend) each();
      expect((await resolve(study, enrollmentId, 'retry')).status).toBe(200);
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'voided' });
      expect(await evidenceOf(at, enrollmentId).slots()).toEqual(['released']);
    });
  });

  describe('past the pivot', () => {
    it.concurrent.each([
      { scope: 'interventions', status: 'follow-up', casebook: 'open', epro: 'on' },
      { scope: 'all_data_collection', status: 'withdrawn', casebook: 'locked', epro: 'off' },
      { scope: 'samples', status: 'withdrawn', casebook: 'open', epro: 'on' },
    ])('while it waits for an operator, of $scope: status $status, casebook $casebook, the place stays taken', async ({ scope, status, casebook, epro }) => {
      const refusing = await studyWithStaff({ doctorEmail: REFUSING });
      const { enrollmentId } = (await refusing.enrol(await refusing.register())).body;
      const evidence = evidenceOf(at, enrollmentId);
      await refusing.until(enrollmentId, (now) => now.stuckStep === 'notices');
      expect((await withdraw(refusing, enrollmentId, scope)).status).toBe(200);
      // The mailbox still refuses, and holds up nothing but the mail.
      const ended = await refusing.until(enrollmentId, (now) => now.outcome === 'withdrawn' && now.stuckStep === 'notices');
      expect(ended.status).toBe(status);
      expect(await evidence.slots()).toEqual(['confirmed']);
      expect(await evidence.casebook()).toEqual([casebook]);
      expect(await evidence.epro()).toEqual([epro]);
      expect(await evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 1 }]);

      await refusing.setDoctor('new-doctor@hospital.example');
      await resolve(refusing, enrollmentId, 'retry');
      const closed = await refusing.until(enrollmentId, (now) => !now.needsAttention);
      expect(closed).toMatchObject({ outcome: 'withdrawn', status });
      await eventually('all are told', async () => (await evidence.mails()).filter((mail) => mail.startsWith('withdrawn')).length === 3);
      const scopeLine = (await at.mailbox.messages()).filter((mail) => mail.raw.includes(enrollmentId) && mail.raw.includes(`Scope: ${scope}`));
      expect(scopeLine).toHaveLength(3);
    });

    it.concurrent('while the outcome is being recorded is applied before the run ends', async () => {
      const { enrollmentId, hold, evidence, workflowId } = await hanging('recordOutcome', 'after');
      expect((await withdraw(study, enrollmentId, 'all_data_collection')).status).toBe(200);
      await hold.release();
      await result(workflowId);
      expect((await study.get(enrollmentId)).body).toMatchObject({ outcome: 'withdrawn', status: 'withdrawn' });
      expect(await evidence.casebook()).toEqual(['locked']);
    });

    it.concurrent('after the enrollment has ended is a short process of its own, once', async () => {
      const patientId = await study.register();
      const { enrollmentId } = (await study.enrol(patientId)).body;
      const evidence = evidenceOf(at, enrollmentId);
      await study.until(enrollmentId, (now) => now.outcome === 'active');
      await result(`enrollment/${study.studyCode}/${patientId}`);
      const key = randomUUID();
      const first = await withdraw(study, enrollmentId, 'all_data_collection', key);
      expect(first).toMatchObject({ status: 200, body: { outcome: 'withdrawn', status: 'withdrawn' } });
      expect(await evidence.slots()).toEqual(['confirmed']);
      expect(await evidence.casebook()).toEqual(['locked']);
      expect(await evidence.epro()).toEqual(['off']);
      expect(await withdraw(study, enrollmentId, 'all_data_collection', key)).toMatchObject({ status: 200, body: { outcome: 'withdrawn' } });
      expect(await withdraw(study, enrollmentId, 'interventions', key)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
      expect(await withdraw(study, enrollmentId, 'interventions')).toMatchObject({ status: 409, body: { code: 'already_withdrawn' } });
      expect((await evidence.milestones()).filter((event) => event === 'OUTCOME RECORDED')).toHaveLength(2);
      expect((await evidence.mails()).filter((mail) => mail.startsWith('withdrawn'))).toEqual(['withdrawn to doctor-1', 'withdrawn to pharmacist-1', 'withdrawn to sponsor-1']);
    });
  });

  it('without a worker is stored, and applied exactly once when one is back', async () => {
    const patientId = await study.register();
    const mend = faults.fail('openCasebook', patientId);
    const running = (await study.enrol(patientId)).body.enrollmentId;
    const activePatientId = await study.register();
    const ended = (await study.enrol(activePatientId)).body.enrollmentId;
    await study.until(running, (now) => now.stuckStep === 'casebook');
    await study.until(ended, (now) => now.outcome === 'active');
    await result(`enrollment/${study.studyCode}/${activePatientId}`);

    await at.restart({ queues: QUEUES.filter((queue) => queue !== 'enrollment') });
    const [one, other] = [randomUUID(), randomUUID()];
    expect(await study.withdraw(running, 'interventions', one)).toMatchObject({ status: 202, body: { enrollmentId: running } });
    expect((await study.withdraw(running, 'interventions', one)).status).toBe(202);
    expect((await study.withdraw(ended, 'all_data_collection', other)).status).toBe(202);
    expect((await study.withdraw(ended, 'all_data_collection', other)).status).toBe(202);
    expect((await study.get(running)).body).not.toHaveProperty('outcome');

    mend();
    await at.restart({ queues: QUEUES });
    expect(await study.until(running, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'withdrawn' });
    expect(await study.until(ended, (now) => now.outcome === 'withdrawn')).toMatchObject({ status: 'withdrawn' });
    await result(`enrollment/${study.studyCode}/${patientId}`);
    await result(`withdrawal/${ended}`);
    expect((await withdraw(study, running, 'interventions', one)).status).toBe(200);
    expect((await withdraw(study, ended, 'all_data_collection', other)).status).toBe(200);
    expect(await withdraw(study, running, 'samples', one)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
    for (const [enrollmentId, outcomes] of [[running, 1], [ended, 2]] as const) {
      const evidence = evidenceOf(at, enrollmentId);
      expect((await evidence.milestones()).filter((event) => event === 'OUTCOME RECORDED')).toHaveLength(outcomes);
      expect((await evidence.mails()).filter((mail) => mail.startsWith('withdrawn'))).toHaveLength(3);
    }
    expect(await evidenceOf(at, running).slots()).toEqual(['released']);
  });

  it('is counted after the pivot exactly where the slot was confirmed', async () => {
    const { sql } = at.database;
    const rows = await sql<{ before: number; after: number; active: number }[]>`
      select count(*) filter (where e.outcome = 'withdrawn' and s.id is null)::int as before, count(*) filter (where e.outcome = 'withdrawn' and s.id is not null)::int as after,
        count(*) filter (where e.outcome = 'active' and s.id is not null)::int as active
      from study.enrollments e left join site.slots s on s.enrollment_id = e.id and s.status = 'confirmed' where e.study_id = ${study.studyId}`;
    const { before, after, active } = rows[0]!;
    expect([before, after, active].every((n) => n > 0)).toBe(true);
    const summary = await study.admin.get(`/studies/${study.studyId}/enrollment-summary`);
    expect(summary.body).toMatchObject({ withdrawn: after, active, byOutcome: { withdrawn: before + after, active } });
  });

  it('leaves nothing personal in what Temporal shows', () => expectNothingPersonal(at));
  it('is legible in the Temporal UI without a manual', async () => {
    const { activities, timers, undone } = await expectLegible(at);
    for (const seen of [activities, timers, undone]) expect(seen).toBeGreaterThan(5);
  });
});
