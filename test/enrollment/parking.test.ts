import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { currentDetailsOf, evidenceOf, listed, summariesOf } from './evidence.ts';
import { eventually, Faults } from './faults.ts';
import { expectLegible } from './legible.ts';
import { expectNothingPersonal } from './privacy.ts';
import { resolve, withdraw } from './words.ts';

const REFUSING = 'doctor@mailbox-full.example';
const ONLY_PEOPLE_END_A_WAIT = { roundMs: 60_000 };

describe('a step that cannot succeed waits for an operator', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: ONLY_PEOPLE_END_A_WAIT });
    study = await directStudy(at);
    await study.admin.post(`/studies/${study.studyId}/contacts`, { userId: 'sponsor-1', name: 'Sponsor', email: 'sponsor@sponsor.example', role: 'sponsor' });
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const result = (workflowId: string) => at.system.client.workflow.getHandle(workflowId).result();

  /** An enrollment that waits at a step. */
  async function parked(wanted: { in?: DirectStudy; activity?: string; step: string }) {
    const within = wanted.in ?? study;
    const patientId = await within.register();
    const mend = wanted.activity ? faults.fail(wanted.activity, patientId) : () => undefined;
    const { body } = await within.enrol(patientId);
    const { enrollmentId } = body;
    await within.until(enrollmentId, (now) => now.stuckStep === wanted.step);
    const workflowId = `enrollment/${within.studyCode}/${patientId}`;
    return { enrollmentId, patientId, workflowId, mend, evidence: evidenceOf(at, enrollmentId) };
  }

  describe('past the pivot, at a mailbox that refuses', () => {
    it.concurrent('shows itself in search attributes, current details, the record and a mail to ops, and goes on to active once the address is right', async () => {
      const refusing = await directStudy(at, { doctorEmail: REFUSING });
      const { enrollmentId, workflowId, evidence } = await parked({ in: refusing, step: 'notices' });

      const shown = (await refusing.get(enrollmentId)).body;
      expect(shown).toMatchObject({ stage: 'activation', status: 'on-study', needsAttention: true, stuckStep: 'notices' });
      expect(shown['attention']).toMatchObject([{ step: 'notices', code: 'mailbox_refused', actions: ['retry', 'skip'] }]);
      await eventually('Temporal lists it', async () => (await listed(at, 'NeedsAttention = true AND StuckStep = "notices"')).includes(workflowId));
      const details = await currentDetailsOf(at, workflowId);
      expect(details).toContain('### Needs an operator: notices');
      expect(details).toContain('mailbox_refused');
      expect(details).toMatch(/\*\*Awaiting:\*\* nobody: tried again by itself at \d{4}-.+Z, or as soon as an operator says retry/);
      expect(details).toContain(`/api/v1/enrollments/${enrollmentId}/resolve`);
      await eventually('Study lists it', async () => {
        const { body } = await refusing.ops.get<{ items: { enrollmentId: string; stuckStep?: string }[] }>(`/enrollments?needsAttention=true&studyId=${refusing.studyId}`);
        return body.items.some((item) => item.enrollmentId === enrollmentId && item.stuckStep === 'notices');
      });
      await eventually('ops are told', async () => (await evidence.mails()).includes('stuck to ops'));
      const toOps = (await at.mailbox.messages()).find((mail) => mail.to.includes('ops@trial.example') && mail.raw.includes(enrollmentId));
      expect(toOps?.raw).toContain('Step: notices');
      expect(toOps?.raw).toContain('mailbox_refused');
      expect(toOps?.raw).toContain('What to do next: retry, skip');

      await refusing.setDoctor('new-doctor@hospital.example');
      expect((await resolve(refusing, enrollmentId, 'retry')).status).toBe(200);
      const ended = await refusing.until(enrollmentId, (now) => now.outcome === 'active');
      expect(ended).toMatchObject({ needsAttention: false, status: 'on-study' });
      expect(ended).not.toHaveProperty('stuckStep');
      expect(await evidence.mails()).toEqual([
        'consent_recorded to coordinator-1', 'consent_recorded to doctor-1', 'enrolled to doctor-1', 'stuck to ops',
      ]);
      await eventually('Temporal lists it no more', async () => !(await listed(at, 'NeedsAttention = true')).includes(workflowId));
    });

    it.concurrent('goes on to active without the mail when an operator skips it', async () => {
      const refusing = await directStudy(at, { doctorEmail: REFUSING });
      const { enrollmentId, evidence } = await parked({ in: refusing, step: 'notices' });
      expect((await resolve(refusing, enrollmentId, 'skip')).status).toBe(200);
      await refusing.until(enrollmentId, (now) => now.outcome === 'active');
      expect(await evidence.mails()).not.toContain('enrolled to doctor-1');
      expect(await evidence.slots()).toEqual(['confirmed']);
    });

    it.concurrent('refuses an abort as too late, and keeps waiting', async () => {
      const refusing = await directStudy(at, { doctorEmail: REFUSING });
      const { enrollmentId, workflowId, evidence } = await parked({ in: refusing, step: 'notices' });
      expect(await resolve(refusing, enrollmentId, 'abort')).toMatchObject({ status: 409, body: { code: 'too_late' } });
      expect((await refusing.get(enrollmentId)).body).toMatchObject({ needsAttention: true, stuckStep: 'notices' });
      expect(await evidence.slots()).toEqual(['confirmed']);
      await resolve(refusing, enrollmentId, 'skip');
      await result(workflowId);
      expect(await resolve(refusing, enrollmentId, 'abort')).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
    });
  });

  describe('before the pivot', () => {
    it.concurrent.each([
      { activity: 'openEnrollment', step: 'opening', slots: [], casebook: [] },
      { activity: 'reserveSlot', step: 'slot', slots: [], casebook: [] },
      { activity: 'enrollParticipant', step: 'enrolling', slots: ['released'], casebook: [] },
      { activity: 'openCasebook', step: 'casebook', slots: ['released'], casebook: [] },
      { activity: 'startEpro', step: 'epro', slots: ['released'], casebook: ['closed'] },
      { activity: 'confirmSlot', step: 'confirmation', slots: ['released'], casebook: ['closed'] },
    ])('an abort at $step undoes everything, ends as voided, and tells coordinator and sponsor', async ({ activity, step, slots, casebook }) => {
      const { enrollmentId, evidence, workflowId } = await parked({ activity, step });
      expect((await resolve(study, enrollmentId, 'abort')).status).toBe(200);
      const ended = await study.until(enrollmentId, (now) => now.outcome !== undefined && !now.needsAttention);
      expect(ended).toMatchObject({ outcome: 'voided', status: 'not-registered' });
      expect(await evidence.slots()).toEqual(slots);
      expect(await evidence.casebook()).toEqual(casebook);
      expect(await evidence.epro()).toEqual(step === 'confirmation' || step === 'casebook' ? ['off'] : []);
      expect(await evidence.consents()).toEqual(['valid']);
      await result(workflowId);
      expect((await study.get(enrollmentId)).body).toMatchObject({ outcome: 'voided', outcomeReason: 'aborted' });
      const mails = await evidence.mails();
      expect(mails).toContain('not_enrolled to coordinator-1');
      expect(mails).toContain('not_enrolled to sponsor-1');
      expect(mails).not.toContain('enrolled to doctor-1');
      const log = await evidence.log();
      if (step !== 'opening') expect(log).toMatchObject([{ outcome: 'voided', closed: true }]);
    });

    it.concurrent('an abort while the consent cannot be recorded ends it without one, and answers who asked', async () => {
      const patientId = await study.register();
      faults.fail('recordConsent', patientId);
      const posted = study.enrol(patientId);
      const workflowId = `enrollment/${study.studyCode}/${patientId}`;
      await eventually('it is parked', async () => (await listed(at, 'StuckStep = "consent"')).includes(workflowId));
      const enrollmentId = await enrollmentIdOf(workflowId);
      expect((await resolve(study, enrollmentId, 'abort')).status).toBe(200);
      const answered = await posted;
      if (answered.status !== 202) expect(answered).toMatchObject({ status: 409, body: { code: 'consent_unconfirmed' } });
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'voided', status: 'not-registered' });
      expect(await evidenceOf(at, enrollmentId).consents()).toEqual([]);
      await result(workflowId);
      expect(await evidenceOf(at, enrollmentId).mails()).toContain('not_enrolled to coordinator-1');
    });

    async function enrollmentIdOf(workflowId: string): Promise<string> {
      const { searchAttributes } = await at.system.client.workflow.getHandle(workflowId).describe();
      return String(searchAttributes['EnrollmentId']?.[0]);
    }

    it.concurrent('a retry after the cause is gone goes on to active, each step once', async () => {
      const { enrollmentId, evidence, mend } = await parked({ activity: 'openCasebook', step: 'casebook' });
      mend();
      expect((await resolve(study, enrollmentId, 'retry')).status).toBe(200);
      await study.until(enrollmentId, (now) => now.outcome === 'active');
      expect(await evidence.slots()).toEqual(['confirmed']);
      expect(await evidence.casebook()).toEqual(['open']);
    });

    it.concurrent('a clinical step may not be skipped; the ePRO schedule may', async () => {
      const clinical = await parked({ activity: 'openCasebook', step: 'casebook' });
      expect(await resolve(study, clinical.enrollmentId, 'skip')).toMatchObject({ status: 409, body: { code: 'cannot_skip' } });
      expect((await study.get(clinical.enrollmentId)).body).toMatchObject({ needsAttention: true, stuckStep: 'casebook' });
      clinical.mend();
      await resolve(study, clinical.enrollmentId, 'retry');

      const epro = await parked({ activity: 'startEpro', step: 'epro' });
      expect((await resolve(study, epro.enrollmentId, 'skip')).status).toBe(200);
      await study.until(epro.enrollmentId, (now) => now.outcome === 'active');
      expect(await epro.evidence.epro()).toEqual([]);
      expect(await epro.evidence.casebook()).toEqual(['open']);
    });

    it.concurrent("Temporal's own cancel is an operator's abort: undone, not torn off", async () => {
      const { enrollmentId, evidence, workflowId } = await parked({ activity: 'openCasebook', step: 'casebook' });
      await at.system.client.workflow.getHandle(workflowId).cancel();
      expect(await study.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'voided', status: 'not-registered' });
      expect(await evidence.slots()).toEqual(['released']);
      expect(await summariesOf(at, workflowId)).toContain('UNDO: release the slot');
    });

    it.concurrent("Temporal's own cancel undoes nothing past the pivot", async () => {
      const refusing = await directStudy(at, { doctorEmail: REFUSING });
      const { enrollmentId, evidence, workflowId } = await parked({ in: refusing, step: 'notices' });
      await at.system.client.workflow.getHandle(workflowId).cancel();
      await eventually('the request is in the history', async () => {
        const { events } = await at.system.client.workflow.getHandle(workflowId).fetchHistory();
        const asked = (events ?? []).findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
        return asked > 0 && (events ?? []).slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
      });
      expect((await refusing.get(enrollmentId)).body).toMatchObject({ stage: 'activation', stuckStep: 'notices' });
      await resolve(refusing, enrollmentId, 'skip');
      await refusing.until(enrollmentId, (now) => now.outcome === 'active');
      expect(await evidence.slots()).toEqual(['confirmed']);
    });
  });

  describe('an operator’s word', () => {
    it.concurrent('is refused when nothing waits for it', async () => {
      const patientId = await study.register();
      const hold = faults.hold('openCasebook', 'before', patientId);
      const { body } = await study.enrol(patientId);
      await hold.reached();
      for (const action of ['retry', 'skip'] as const) {
        expect(await resolve(study, body.enrollmentId, action)).toMatchObject({ status: 409, body: { code: 'not_parked' } });
      }
      await hold.release();
      await result(`enrollment/${study.studyCode}/${patientId}`);
      expect(await resolve(study, body.enrollmentId, 'retry')).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
    });

    it.concurrent('under the same key has one effect and one answer, also after the end; with other content it is refused', async () => {
      const { enrollmentId, mend } = await parked({ activity: 'reserveSlot', step: 'slot' });
      const key = randomUUID();
      const first = await resolve(study, enrollmentId, 'retry', key);
      expect(first).toMatchObject({ status: 200, body: { stuckStep: 'slot' } });
      const since = (first.body['attention'] as { since: string }[])[0]?.since;
      await study.until(enrollmentId, (now) => now.stuckStep === 'slot' && (now['attention'] as { since: string }[])[0]?.since !== since);
      mend();
      const again = await resolve(study, enrollmentId, 'retry', key);
      expect(again).toMatchObject({ status: 200, body: { attention: first.body['attention'] } });
      expect((await study.get(enrollmentId)).body).toMatchObject({ stuckStep: 'slot' });
      expect(await resolve(study, enrollmentId, 'abort', key)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
      expect((await study.get(enrollmentId)).body).toMatchObject({ stuckStep: 'slot' });

      const last = randomUUID();
      expect((await resolve(study, enrollmentId, 'retry', last)).status).toBe(200);
      await study.until(enrollmentId, (now) => now.outcome === 'active');
      expect((await resolve(study, enrollmentId, 'retry', last)).status).toBe(200);
    });

    it.concurrent('on an ended enrollment never reaches the next one of the same person', async () => {
      const first = await parked({ activity: 'reserveSlot', step: 'slot' });
      await resolve(study, first.enrollmentId, 'abort');
      await result(first.workflowId);
      const next = await study.enrol(first.patientId);
      expect(next.status).toBe(201);
      await study.until(next.body.enrollmentId, (now) => now.stuckStep === 'slot');
      expect(await resolve(study, first.enrollmentId, 'abort')).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
      expect(await withdraw(study, first.enrollmentId)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
      expect((await study.get(next.body.enrollmentId)).body).toMatchObject({ stuckStep: 'slot', needsAttention: true });
      first.mend();
      await resolve(study, next.body.enrollmentId, 'retry');
      expect(await study.until(next.body.enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'active' });
    });
  });

  it.concurrent('the record has its outcome before the run closes', async () => {
    const patientId = await study.register();
    const hold = faults.hold('recordOutcome', 'before', patientId);
    const { body } = await study.enrol(patientId);
    await hold.reached();
    const handle = at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await hold.release();
    await handle.result();
    expect((await study.get(body.enrollmentId)).body).toMatchObject({ outcome: 'active' });
  });


  // Not concurrent: runs after all the others.
  it('nothing personal stands in what Temporal shows of these runs', () => expectNothingPersonal(at));
  it('is legible in the Temporal UI without a manual', () => expectLegible(at).then(({ timers }) => expect(timers).toBeGreaterThan(0)));
});
