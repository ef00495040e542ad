import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy, SCREENED_PROTOCOL, signedConsent } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { evidenceOf } from './evidence.ts';
import { Faults } from './faults.ts';
import { resolve } from './words.ts';

describe('a participant whose consent turns out to be entered in error', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: { roundMs: 60_000 } });
    study = await directStudy(at);
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const enterInError = async (within: DirectStudy, enrollmentId: string, patientId: string) => {
    const { consentId } = (await within.get(enrollmentId)).body;
    expect((await within.clinician.post(`/patients/${patientId}/consents/${String(consentId)}/entered-in-error`, { reason: 'of another person' })).status).toBe(200);
  };
  const consentAnew = async ({ clinician, studyId, siteId }: DirectStudy, patientId: string) => {
    const body = { studyId, siteId, capacity: 'full', canRead: true, consent: signedConsent(new Date(Date.now() - 1000)) };
    expect(await clinician.post(`/patients/${patientId}/consents`, body)).toMatchObject({ status: 201, body: { validity: 'valid' } });
  };

  it('is not signed eligible, but is once there is a consent in force', async () => {
    const screened = await directStudy(at, { protocol: SCREENED_PROTOCOL });
    const patientId = await screened.register();
    const { enrollmentId } = (await screened.enrol(patientId)).body;
    await screened.screen(enrollmentId);
    await screened.until(enrollmentId, (now) => now.awaiting?.what === 'eligibility');
    await enterInError(screened, enrollmentId, patientId);
    expect(await screened.decide(enrollmentId)).toMatchObject({ status: 409, body: { code: 'consent_not_in_force' } });
    expect((await screened.get(enrollmentId)).body).toMatchObject({ stage: 'eligibility', needsAttention: false });
    await consentAnew(screened, patientId);
    expect((await screened.decide(enrollmentId)).status).toBe(201);
    await screened.until(enrollmentId, (now) => now.outcome === 'active');
  });

  it('gets no casebook: the step waits for an operator, and goes on when there is a consent in force', async () => {
    const patientId = await study.register();
    // Held at the step before, while the mistake is found.
    const mend = faults.fail('enrollParticipant', patientId);
    const { enrollmentId } = (await study.enrol(patientId)).body;
    await study.until(enrollmentId, (now) => now.stuckStep === 'enrolling');
    await enterInError(study, enrollmentId, patientId);
    mend();
    expect((await resolve(study, enrollmentId, 'retry')).status).toBe(200);
    const parked = await study.until(enrollmentId, (now) => now.stuckStep === 'casebook');
    expect(parked['attention']).toMatchObject([{ step: 'casebook', code: 'consent_not_in_force' }]);
    expect(await evidenceOf(at, enrollmentId).casebook()).toEqual([]);
    await consentAnew(study, patientId);
    expect((await resolve(study, enrollmentId, 'retry')).status).toBe(200);
    await study.until(enrollmentId, (now) => now.outcome === 'active');
    expect(await evidenceOf(at, enrollmentId).casebook()).toEqual(['open']);
  });
});
