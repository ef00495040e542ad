import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy, type EnrollmentBody, signedConsent } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { currentDetailsOf, evidenceOf, listed, summariesOf } from './evidence.ts';
import { answered, eventually, Faults } from './faults.ts';
import { expectLegible } from './legible.ts';
import { expectNothingPersonal } from './privacy.ts';
import { resolve, withdraw } from './words.ts';

const ONLY_PEOPLE_END_A_WAIT = { roundMs: 60_000 };
const SHORT = 'PT1S';
const OUTDATED = { version: '0.9' };
const UNDELEGATED = {
  signers: (signedConsent()['signers'] as Record<string, unknown>[]).map((signer) => (signer['role'] === 'discusser' ? { ...signer, userId: 'nobody-9' } : signer)),
};

describe('what an enrollment waits for has an end', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: ONLY_PEOPLE_END_A_WAIT });
    study = await directStudy(at);
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const result = (workflowId: string) => at.system.client.workflow.getHandle(workflowId).result();

  describe('a reserved place', () => {
    /** Parked at the casebook until the place has been given back. */
    async function lapsed(within: DirectStudy) {
      const patientId = await within.register();
      const mend = faults.fail('openCasebook', patientId);
      const { enrollmentId } = (await within.enrol(patientId)).body;
      const evidence = evidenceOf(at, enrollmentId);
      await within.until(enrollmentId, (now) => now.stuckStep === 'casebook');
      await eventually('the place is given back', async () => (await evidence.slots()).join() === 'released');
      return { enrollmentId, workflowId: `enrollment/${within.studyCode}/${patientId}`, evidence, mend };
    }

    it.concurrent('is given back when its time ends while an operator is waited for, and taken anew before it is confirmed', async () => {
      const short = await directStudy(at, { protocol: { slotTimeToLive: SHORT }, cap: 1 });
      const { enrollmentId, workflowId, evidence, mend } = await lapsed(short);
      expect(await summariesOf(at, workflowId)).toContain('UNDO: release the slot');
      expect((await short.get(enrollmentId)).body).toMatchObject({ stuckStep: 'casebook', needsAttention: true });
      mend();
      expect((await resolve(short, enrollmentId, 'retry')).status).toBe(200);
      await short.until(enrollmentId, (now) => now.outcome === 'active');
      expect(await evidence.slots()).toEqual(['released', 'confirmed']);
      expect(await evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 1 }]);
      await result(workflowId);
      expect((await summariesOf(at, workflowId)).filter((summary) => summary === 'Reserve a slot at the site')).toHaveLength(2);
    });

    it.concurrent('that somebody else has taken meanwhile undoes the enrollment: cap_reached', async () => {
      const short = await directStudy(at, { protocol: { slotTimeToLive: SHORT }, cap: 1 });
      const { enrollmentId, workflowId, evidence, mend } = await lapsed(short);
      const other = (await short.enrol(await short.register())).body.enrollmentId;
      await short.until(other, (now) => now.outcome === 'active');
      mend();
      expect((await resolve(short, enrollmentId, 'retry')).status).toBe(200);
      expect(await short.until(enrollmentId, (now) => now.outcome !== undefined)).toMatchObject({ outcome: 'cap_reached', status: 'not-registered' });
      await result(workflowId);
      expect(await evidence.slots()).toEqual(['released']);
      expect(await evidence.casebook()).toEqual(['closed']);
      expect(await evidence.epro()).toEqual(['off']);
      expect(await evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 1 }]);
      expect((await evidence.mails()).filter((mail) => mail.startsWith('not_enrolled'))).toEqual(['not_enrolled to coordinator-1']);
      // Whoever took the last place made it known.
      expect(await evidenceOf(at, other).mails()).toContain('cap_reached to coordinator-1');
      const told = (await at.mailbox.messages()).find((mail) => mail.raw.includes(other) && mail.raw.includes('All places'));
      expect(told?.raw).toContain('Confirmed: 1 of 1');
    });

    it.concurrent('is not given back twice when the enrollment is aborted after its time', async () => {
      const short = await directStudy(at, { protocol: { slotTimeToLive: SHORT }, cap: 2 });
      const { enrollmentId, workflowId, evidence } = await lapsed(short);
      await resolve(short, enrollmentId, 'abort');
      await result(workflowId);
      expect(await evidence.slots()).toEqual(['released']);
      expect(await evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 0 }]);
    });
  });

  describe('a consent that was not valid when it was signed', () => {
    const enrolWith = async (within: DirectStudy, consent: Record<string, unknown>) => {
      const patientId = await within.register();
      const answer = await within.clinician.post<EnrollmentBody>('/enrollments', within.body(patientId, consent));
      expect(answer.status).toBeLessThan(300);
      const { enrollmentId } = answer.body;
      return { enrollmentId, patientId, workflowId: `enrollment/${within.studyCode}/${patientId}`, evidence: evidenceOf(at, enrollmentId) };
    };
    const reConsent = (within: DirectStudy, enrollmentId: string, consent: Record<string, unknown> = {}) => {
      const body = { consent: { ...signedConsent(), ...consent } };
      const key = randomUUID();
      return answered(() => within.clinician.post(`/enrollments/${enrollmentId}/consents`, body, key));
    };
    const awaitsConsent = (now: EnrollmentBody) => now.awaiting?.what === 'consent';

    it.concurrent.each([
      { why: 'its version was not approved', consent: OUTDATED, validity: 'version_not_approved' },
      { why: 'its discusser had no delegation', consent: UNDELEGATED, validity: 'not_delegated' },
    ])('is recorded and marked, a deviation is logged, and a new one awaited: $why', async ({ consent, validity }) => {
      const { enrollmentId, workflowId, evidence } = await enrolWith(study, consent);
      const waiting = await study.until(enrollmentId, awaitsConsent);
      expect(waiting).toMatchObject({ stage: 'consent', status: 'candidate', consentValidity: validity, awaiting: { what: 'consent', who: 'the site' } });
      const days = (Date.parse(waiting.awaiting?.until ?? '') - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(14);
      expect(await evidence.consents()).toEqual([validity]);
      await eventually('the deviation is logged', async () => (await evidence.deviations()).join() === 'informed_consent');
      await eventually('Study lists it', async () => {
        const { body } = await study.clinician.get<{ items: EnrollmentBody[] }>('/enrollments?awaiting=consent');
        const item = body.items.find((one) => one.enrollmentId === enrollmentId);
        return item?.awaiting?.until === waiting.awaiting?.until && item !== undefined;
      });
      expect(await currentDetailsOf(at, workflowId)).toContain(`**Awaiting:** signed consent from the site, until ${waiting.awaiting?.until?.slice(0, 16)}Z`);
      expect(await evidence.slots()).toEqual([]);

      // Invalid again: recorded and marked as well, and still awaited until the same time.
      expect(await reConsent(study, enrollmentId, consent)).toMatchObject({ status: 201, body: { validity } });
      const still = await study.until(enrollmentId, (now) => awaitsConsent(now) && now['consentId'] !== waiting['consentId']);
      expect(still.awaiting?.until).toBe(waiting.awaiting?.until);
      await eventually('the second deviation is logged', async () => (await evidence.deviations()).length === 2);

      expect(await reConsent(study, enrollmentId)).toMatchObject({ status: 201, body: { validity: 'valid' } });
      const ended = await study.until(enrollmentId, (now) => now.outcome === 'active');
      expect(ended).not.toHaveProperty('awaiting');
      await result(workflowId);
      expect(await evidence.consents()).toEqual([validity, validity, 'valid']);
      const { body } = await study.clinician.get<{ items: EnrollmentBody[] }>('/enrollments?awaiting=consent');
      expect(body.items.map((one) => one.enrollmentId)).not.toContain(enrollmentId);
      expect(await reConsent(study, enrollmentId)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
    });

    it.concurrent('ends as expired when no valid one comes in time', async () => {
      const short = await directStudy(at, { protocol: { reconsentDeadline: SHORT } });
      const { enrollmentId, workflowId, evidence } = await enrolWith(short, OUTDATED);
      const ended = await short.until(enrollmentId, (now) => now.outcome !== undefined);
      expect(ended).toMatchObject({ outcome: 'expired', status: 'not-registered' });
      await result(workflowId);
      const closed = (await short.get(enrollmentId)).body;
      expect(closed).toMatchObject({ outcome: 'expired', outcomeReason: 'reconsent_deadline' });
      expect(closed).not.toHaveProperty('awaiting');
      expect(await evidence.consents()).toEqual(['version_not_approved']);
      expect(await evidence.mails()).toContain('not_enrolled to coordinator-1');
      expect(await evidence.slots()).toEqual([]);
    });

    it.concurrent('a new one that comes while the enrollment is being closed is refused, and holds nothing up', async () => {
      const { enrollmentId, patientId, workflowId } = await enrolWith(study, OUTDATED);
      await study.until(enrollmentId, awaitsConsent);
      const hold = faults.hold('recordOutcome', 'before', patientId);
      expect((await withdraw(study, enrollmentId)).status).toBe(200);
      await hold.reached();
      expect(await reConsent(study, enrollmentId)).toMatchObject({ status: 409, body: { code: 'not_awaiting_consent' } });
      await hold.release();
      await result(workflowId);
      expect((await study.get(enrollmentId)).body).toMatchObject({ outcome: 'declined' });
    });

    it.concurrent('a new one that nobody waits for is refused', async () => {
      const patientId = await study.register();
      const hold = faults.hold('openCasebook', 'before', patientId);
      const { enrollmentId } = (await study.enrol(patientId)).body;
      await hold.reached();
      expect(await reConsent(study, enrollmentId)).toMatchObject({ status: 409, body: { code: 'not_awaiting_consent' } });
      await hold.release();
      await study.until(enrollmentId, (now) => now.outcome === 'active');
    });
  });

  it.concurrent('a report that comes late never moves the record back', async () => {
    const patientId = await study.register();
    const mend = faults.fail('reserveSlot', patientId);
    const late = faults.hold('recordProgress', 'before', patientId);
    const { enrollmentId } = (await study.enrol(patientId)).body;
    const evidence = evidenceOf(at, enrollmentId);
    await late.reached();
    mend();
    await resolve(study, enrollmentId, 'retry');
    await study.until(enrollmentId, (now) => now.outcome === 'active');
    await result(`enrollment/${study.studyCode}/${patientId}`);
    const revision = await evidence.revision();
    // "Needs attention" of long ago arrives only now.
    await late.release();
    expect((await study.get(enrollmentId)).body).toMatchObject({ outcome: 'active', stage: 'activation', needsAttention: false });
    expect(await evidence.revision()).toBe(revision);
    expect(await evidence.milestones()).not.toContain('NEEDS ATTENTION');
    await eventually('Temporal agrees', async () => !(await listed(at, `EnrollmentId = "${enrollmentId}" AND NeedsAttention = true`)).length);
  });

  // Not concurrent: runs after all the others.
  it('leaves nothing personal in what Temporal shows', () => expectNothingPersonal(at));
  it('is legible in the Temporal UI without a manual', () => expectLegible(at).then(({ timers }) => expect(timers).toBeGreaterThan(0)));
});
