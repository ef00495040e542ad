import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_REFUSED } from '../../services/study/misuse/note-misuse.ts';
import { nextKey, startTestApi, type TestApi } from '../api/support.ts';
import { enrollmentBody, HOME, registered, setUpTrial, signedConsent, type Trial } from '../api/trial.ts';

let api: TestApi;
let trial: Trial;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
const somebody = (id: string, authTime: number) => api.as('coordinator', { id, sites: [HOME], authTime });
const consentOf = async (by: ReturnType<typeof somebody>, patientId: string) =>
  by('POST', `/patients/${patientId}/consents`, { body: { studyId: trial.studyId, siteId: trial.siteId, consent: signedConsent() } });
const attestationsOf = (patientId: string) =>
  api.database.sql`select attested_by->>'userId' as by, attested_by->>'components' as components from patient.consents where patient_id = ${patientId} order by id`;

describe('whoever signs', () => {
  it('has authenticated within the last minutes, or is told how to (RFC 9470); nothing is recorded until then', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const stale = await consentOf(somebody('crc-stale', secondsAgo(301)), patientId);
    expect(stale).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication' } });
    expect(stale.headers.get('WWW-Authenticate')).toContain('max_age=300');
    const enrollment = await somebody('crc-stale', secondsAgo(301))('POST', '/enrollments', { body: enrollmentBody(trial, patientId) });
    expect(enrollment).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication' } });
    expect(await attestationsOf(patientId)).toEqual([]);
    const misuses = await api.database.sql`select why, via from study.misuses where user_id = 'crc-stale'`;
    expect(misuses).toEqual([{ why: 'stale_authentication', via: 'api' }, { why: 'stale_authentication', via: 'api' }]);
  });

  it('signs the first time with both components, and goes on with one in the same period, also past the five minutes', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const authTime = secondsAgo(290);
    expect((await consentOf(somebody('crc-series', authTime), patientId)).status).toBe(201);
    // The same authentication, as it stands some time later.
    const later = await consentOf(somebody('crc-series', authTime), patientId);
    expect(later.status).toBe(201);
    expect(await attestationsOf(patientId)).toEqual([{ by: 'crc-series', components: 'both' }, { by: 'crc-series', components: 'one' }]);
  });

  it('can’t go on with an older authentication than the one that began the series', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    expect((await consentOf(somebody('crc-other', secondsAgo(10)), patientId)).status).toBe(201);
    expect((await consentOf(somebody('crc-other', secondsAgo(4000)), patientId)).status).toBe(401);
  });

  it('is locked for a quarter of an hour after too many refused signings, told until when, and nobody else is', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    for (let n = 0; n < MOST_REFUSED; n += 1) expect((await consentOf(somebody('crc-locked', secondsAgo(4000)), patientId)).status).toBe(401);
    const refused = await consentOf(somebody('crc-locked', secondsAgo(1)), patientId);
    expect(refused).toMatchObject({ status: 429, body: { code: 'signing_locked' } });
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(800);
    expect((await consentOf(somebody('crc-free', secondsAgo(1)), patientId)).status).toBe(201);
    await api.database.sql`update study.misuses set at = at - interval '15 minutes' where user_id = 'crc-locked'`;
    expect((await consentOf(somebody('crc-locked', secondsAgo(1)), patientId)).status).toBe(201);
  });

  it('is not locked by what others send in their name past the API', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    for (let n = 0; n < MOST_REFUSED; n += 1) {
      await api.services.services.study!.noteMisuse({
        ctx: { actor: { kind: 'workflow', workflow: 'w', onBehalfOf: { id: 'crc-victim', name: 'x', role: 'coordinator' } }, requestId: 'x' },
        key: nextKey(), input: { about: patientId, operation: 'decideEligibility', why: 'missing', via: 'study' },
      });
    }
    expect((await consentOf(somebody('crc-victim', secondsAgo(1)), patientId)).status).toBe(201);
  });
});
