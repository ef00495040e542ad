import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy, type EnrollmentBody, resultsOf, SCREENED_PROTOCOL, signedConsent } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { evidenceOf } from './evidence.ts';
import { eventually, Faults } from './faults.ts';

const REFUSING = 'doctor@mailbox-full.example';
const awaits = (what: string) => (now: EnrollmentBody) => now.awaiting?.what === what;

describe('who asks gets a true answer', () => {
  const faults = new Faults();
  let at: TestSystem;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: { roundMs: 60_000 } });
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const screened = (options: { doctorEmail?: string; protocol?: Record<string, unknown> } = {}) =>
    directStudy(at, { ...options, protocol: { ...SCREENED_PROTOCOL, ...options.protocol } });
  const begun = async (study: DirectStudy, more: Record<string, unknown> = {}) => {
    const patientId = await study.register();
    const answer = await study.clinician.post<EnrollmentBody>('/enrollments', { ...study.body(patientId), ...more });
    expect(answer.status).toBe(201);
    return { patientId, enrollmentId: answer.body.enrollmentId };
  };
  const ended = (study: DirectStudy, enrollmentId: string) => study.until(enrollmentId, (now) => now.outcome !== undefined);

  describe('the same request again, when the person has another enrollment by now', () => {
    it.concurrent('gets its first answer: results, withdrawal, and a refusal', async () => {
      const study = await screened();
      const { patientId, enrollmentId } = await begun(study);
      const [results, refused, withdrawal] = [randomUUID(), randomUUID(), randomUUID()];
      const body = { results: resultsOf({ AGE: 44 }) };
      const send = () => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, body, results);
      const first = await send();
      expect(first.status).toBe(201);
      expect(await study.decide(enrollmentId, 'eligible', { key: refused })).toMatchObject({ status: 409, body: { code: 'criteria_not_met' } });
      expect((await study.withdraw(enrollmentId, 'interventions', withdrawal)).status).toBe(200);
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'declined' });
      await at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`).result();
      const next = await study.clinician.post<EnrollmentBody>('/enrollments', { ...study.body(patientId), rescreenOf: enrollmentId });
      expect(next.status).toBe(201);
      await study.until(next.body.enrollmentId, awaits('screening_results'));

      expect(await send()).toMatchObject({ status: 201, body: first.body });
      expect(await study.screen(enrollmentId, { AGE: 45 }, results)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
      expect(await study.decide(enrollmentId, 'eligible', { key: refused })).toMatchObject({ status: 409, body: { code: 'criteria_not_met' } });
      expect(await study.withdraw(enrollmentId, 'interventions', withdrawal)).toMatchObject({ status: 200, body: { enrollmentId } });
      expect(await study.withdraw(enrollmentId)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
      expect((await study.get(next.body.enrollmentId)).body).toMatchObject({ stage: 'screening', awaiting: { what: 'screening_results' } });
    });
  });

  describe('a withdrawal', () => {
    it.concurrent('that arrives while an outcome is being recorded is refused, not lost', async () => {
      const study = await screened();
      const { patientId, enrollmentId } = await begun(study);
      const held = faults.hold('recordOutcome', 'before', patientId);
      await study.screen(enrollmentId, { AGE: 17, EGFR: 88 });
      await held.reached();
      // Not in the record yet, so that it is the run that has to say so.
      expect(await study.withdraw(enrollmentId)).toMatchObject({ status: 409, body: { code: 'already_ended' } });
      await held.release();
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'screen_failed' });
    });

    it.concurrent('beside one that has been accepted is refused: one scope stands', async () => {
      const study = await screened();
      const { patientId, enrollmentId } = await begun(study);
      const held = faults.hold('closeScreening', 'before', patientId);
      await study.until(enrollmentId, awaits('screening_results'));
      expect((await study.withdraw(enrollmentId)).status).toBe(200);
      await held.reached();
      expect(await study.withdraw(enrollmentId, 'all_data_collection')).toMatchObject({ status: 409, body: { code: 'already_withdrawn' } });
      await held.release();
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'declined' });
    });
  });

  describe('a renewed consent', () => {
    it.concurrent('without a signature that the country rule requires is refused, and the wait goes on', async () => {
      const study = await screened();
      const signers = signedConsent()['signers'] as Record<string, unknown>[];
      const witness = { ...signers[0], role: 'witness', name: 'Impartial Witness' };
      const { enrollmentId } = await begun(study, { canRead: false, consent: { ...signedConsent(), signers: [...signers, witness] } });
      await study.screen(enrollmentId);
      await study.until(enrollmentId, awaits('eligibility'));
      await study.amend('2.0');
      expect((await study.decide(enrollmentId)).status).toBe(409);
      await study.until(enrollmentId, awaits('consent'));
      const lacking = await study.reConsent(enrollmentId, { version: '2.0' });
      expect(lacking).toMatchObject({ status: 422, body: { code: 'signers_missing', missing: ['witness'] } });
      expect((await study.get(enrollmentId)).body).toMatchObject({ awaiting: { what: 'consent' } });
      expect(await evidenceOf(at, enrollmentId).consents()).toEqual(['valid']);
      const now = new Date().toISOString();
      const complete = [...signers, witness].map((one) => ({ ...one, signedAt: now }));
      expect(await study.reConsent(enrollmentId, { version: '2.0', signers: complete })).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await study.withdraw(enrollmentId);
    });

    it.concurrent('is not needed to end the participation: not_eligible is signed under the superseded one', async () => {
      const study = await screened();
      const { enrollmentId } = await begun(study);
      await study.screen(enrollmentId);
      await study.until(enrollmentId, awaits('eligibility'));
      await study.amend('2.0');
      expect((await study.decide(enrollmentId, 'not_eligible')).status).toBe(201);
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'screen_failed', outcomeReason: 'not_eligible' });
    });
  });

  describe('a mail that cannot be delivered while somebody is waited for', () => {
    it.concurrent('is shown to ops at once, holds nothing up, and goes out after the address was corrected', async () => {
      const study = await screened({ doctorEmail: REFUSING });
      const { enrollmentId } = await begun(study);
      const shown = await study.until(enrollmentId, (now) => now.needsAttention && now.awaiting?.what === 'screening_results');
      expect(shown).toMatchObject({ stuckStep: 'notices', attention: [{ step: 'notices', code: 'mailbox_refused', actions: ['retry', 'skip'] }] });
      await study.setDoctor('reachable@hospital.example');
      expect((await study.resolve(enrollmentId, 'retry')).status).toBe(200);
      expect(await study.until(enrollmentId, (now) => !now.needsAttention)).toMatchObject({ awaiting: { what: 'screening_results' } });
      const evidence = evidenceOf(at, enrollmentId);
      await eventually('the doctor was told', async () => (await evidence.mails()).includes('consent_recorded to doctor-1'));
      await study.screen(enrollmentId);
      expect((await study.decide(enrollmentId)).status).toBe(201);
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'active', needsAttention: false });
      expect((await evidence.mails()).filter((mail) => mail === 'consent_recorded to doctor-1')).toHaveLength(1);
    });

    it.concurrent('can be given up, and the way goes on to its end', async () => {
      const study = await screened({ doctorEmail: REFUSING });
      const { enrollmentId } = await begun(study);
      await study.until(enrollmentId, (now) => now.needsAttention && now.awaiting?.what === 'screening_results');
      expect((await study.resolve(enrollmentId, 'skip')).status).toBe(200);
      await study.until(enrollmentId, (now) => !now.needsAttention);
      await study.withdraw(enrollmentId);
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'declined', needsAttention: false });
    });
  });
});
