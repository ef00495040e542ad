import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';
import { enrolled, enrollmentBody, HOME, OTHER, registered, setUpTrial, signedConsent, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
beforeEach(() => Object.assign(api.gateway, { slow: false, away: false, calls: [] }));
afterAll(() => api.stop());

const post = (body: unknown, key = uuidv7()) => trial.coordinator('POST', '/enrollments', { body, key });
const newBody = async () => enrollmentBody(trial, await registered(trial.coordinator, trial.siteId));
const startsSeen = () => api.gateway.calls.filter(({ name }) => name === 'start').length;

describe('POST /enrollments', () => {
  test('answers 201 and where it is found once the consent is recorded', async () => {
    const body = await newBody();
    const { status, headers, body: enrollment } = await post(body);
    expect(status).toBe(201);
    expect(enrollment).toMatchObject({ stage: 'consent', status: 'candidate', patientId: body.patientId, studyCode: 'OBS-1', siteCode: HOME });
    expect(headers.get('Location')).toBe(`/api/v1/enrollments/${enrollment.enrollmentId}`);
    const got = await trial.coordinator('GET', `/enrollments/${enrollment.enrollmentId}`);
    expect(got.body).toMatchObject({ enrollmentId: enrollment.enrollmentId, stage: 'slot', status: 'eligible', consentId: enrollment.consentId });
  });

  test('carries the whole command, and the caller’s key, into the start', async () => {
    const { consent, ...body } = await newBody();
    await post({ ...body, consent }, 'my-key');
    expect(api.gateway.calls).toMatchObject([
      { message: { ...body, consent: signedConsentSeen(), requestKey: 'rest/coordinator-1/my-key', studyCode: 'OBS-1', siteCode: HOME, protocol: { version: '1.0' }, actor: { id: 'coordinator-1', role: 'coordinator' } } },
    ]);
  });

  test('of the same key and content is answered alike, before and after Study has the record; other content is refused', async () => {
    const body = await newBody();
    const early = uuidv7();
    const first = await post(body, early);
    expect(await post(body, early)).toMatchObject({ status: 201, body: { enrollmentId: first.body.enrollmentId } });

    const key = uuidv7();
    const { patientId, enrollmentId } = await enrolled(api, trial, key);
    const content = enrollmentBody(trial, patientId);
    expect(await post(content, key)).toMatchObject({ status: 201, body: { enrollmentId } });
    expect(await post({ ...content, canRead: false }, key)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
  });

  test('of a person who is enrolled: 200 for equal content, 409 for other content', async () => {
    const { patientId, enrollmentId } = await enrolled(api, trial);
    const before = startsSeen();
    const equal = await post(enrollmentBody(trial, patientId));
    expect([equal.status, equal.body.enrollmentId]).toEqual([200, enrollmentId]);
    const other = await post({ ...enrollmentBody(trial, patientId), canRead: false });
    expect([other.status, other.body.code, other.body.enrollmentId]).toEqual([409, 'already_enrolled', enrollmentId]);
    expect(startsSeen()).toBe(before);
  });

  test('that is not admissible starts nothing, says what is missing, and still records the consent', async () => {
    const by = api.as('coordinator', { sites: [OTHER] });
    const patientId = await registered(by, trial.otherSiteId);
    const body = { ...enrollmentBody(trial, patientId), siteId: trial.otherSiteId };
    const key = uuidv7();
    const refused = await by('POST', '/enrollments', { body, key });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'not_admissible', missing: expect.arrayContaining(['site_not_active', 'principal_investigator']) });
    expect(startsSeen()).toBe(0);
    const { items } = (await by('GET', `/patients/${patientId}/consents`)).body;
    expect(items).toMatchObject([{ consentId: refused.body.consentId, enrollmentId: null, validity: 'version_not_approved' }]);
    expect((await by('POST', '/enrollments', { body, key })).body.consentId).toBe(refused.body.consentId);
  });

  test('of a study that does not exist, a site or a person of elsewhere is a 404', async () => {
    const body = await newBody();
    expect((await post({ ...body, studyId: uuidv7() })).body.code).toBe('study_not_found');
    expect((await post({ ...body, siteId: trial.otherSiteId })).body.code).toBe('site_not_found');
    expect((await post({ ...body, patientId: uuidv7() })).body.code).toBe('patient_not_found');
    const theirs = await registered(api.as('coordinator', { sites: [OTHER] }), trial.otherSiteId);
    expect((await post({ ...body, patientId: theirs })).body.code).toBe('patient_not_found');
  });

  test('without an answer in time is a 202, and a GET finds it', async () => {
    api.gateway.slow = true;
    const { status, headers, body } = await post(await newBody());
    expect(status).toBe(202);
    const got = await trial.coordinator('GET', `/enrollments/${body.enrollmentId}`);
    expect([got.status, got.body.stage, headers.get('Location')]).toEqual([200, 'consent', `/api/v1/enrollments/${body.enrollmentId}`]);
    expect((await api.as('coordinator', { sites: [OTHER] })('GET', `/enrollments/${body.enrollmentId}`)).status).toBe(404);
  });

  test('with Temporal away is a 503 with Retry-After', async () => {
    api.gateway.away = true;
    const { status, headers } = await post(await newBody());
    expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
  });
});

describe('GET /enrollments', () => {
  test('with Temporal away answers from the record and says so', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    api.gateway.away = true;
    const { status, body } = await trial.coordinator('GET', `/enrollments/${enrollmentId}`);
    expect([status, body.degraded, body.stage]).toEqual([200, ['temporal'], 'slot']);
    expect((await trial.coordinator('GET', `/enrollments/${uuidv7()}`)).status).toBe(503);
  });

  test('lists what is within reach, page by page', async () => {
    const { patientId, enrollmentId } = await enrolled(api, trial);
    await enrolled(api, trial);
    const first = await trial.coordinator('GET', `/enrollments?studyId=${trial.studyId}&limit=1`);
    expect(first.body.items).toHaveLength(1);
    const next = await trial.coordinator('GET', `/enrollments?limit=1&cursor=${first.body.nextCursor}`);
    expect(next.body.items).toMatchObject([{ enrollmentId }]);
    const own = await api.as('patient', { patientId })('GET', '/enrollments');
    expect(own.body.items.map((item: { enrollmentId: string }) => item.enrollmentId)).toEqual([enrollmentId]);
    expect((await api.as('monitor', { studies: ['OBS-1'] })('GET', '/enrollments')).body.items.length).toBeGreaterThan(1);
    expect((await api.as('monitor', { studies: ['OBS-1'], sites: [OTHER] })('GET', '/enrollments')).body.items).toEqual([]);
  });

  test('counts per stage and outcome', async () => {
    const { body } = await api.as('sponsor', { studies: ['OBS-1'] })('GET', `/studies/${trial.studyId}/enrollment-summary`);
    expect(body.total).toBeGreaterThan(0);
    expect(body.byStage).toMatchObject({ slot: expect.any(Number), consent: 0 });
    expect(body.byOutcome).toMatchObject({ active: 0 });
  });
});

describe('what people say of an enrollment', () => {
  test('reaches the run with who, which enrollment, key and content hash', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    api.gateway.calls = [];
    const withdrawn = await trial.coordinator('POST', `/enrollments/${enrollmentId}/withdrawal`, { body: { scope: 'samples', decidedBy: 'participant' }, key: 'w-1' });
    expect([withdrawn.status, withdrawn.body.interruption]).toEqual([200, 'withdrawal']);
    const resolved = await api.as('ops')('POST', `/enrollments/${enrollmentId}/resolve`, { body: { action: 'retry', reason: 'mended' } });
    expect(resolved.status).toBe(200);
    const renewed = await trial.coordinator('POST', `/enrollments/${enrollmentId}/consents`, { body: { consent: signedConsent() } });
    expect([renewed.status, renewed.body.validity]).toEqual([201, 'valid']);
    expect(api.gateway.calls).toMatchObject([
      { name: 'withdraw', message: { enrollmentId, key: 'rest/coordinator-1/w-1', contentHash: expect.stringMatching(/^[0-9a-f]{64}$/), scope: 'samples', reason: null } },
      { name: 'resolveStep', message: { enrollmentId, actor: { id: 'ops-1', role: 'ops' }, action: 'retry', reason: 'mended' } },
      { name: 'recordConsent', message: { enrollmentId, consent: signedConsentSeen() } },
    ]);
  });

  test('a withdrawal that no worker answered is a 202', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    api.gateway.slow = true;
    const body = { scope: 'all_data_collection', decidedBy: 'participant', reason: '不想继续' };
    expect((await trial.coordinator('POST', `/enrollments/${enrollmentId}/withdrawal`, { body })).status).toBe(202);
  });

  test('a withdrawal of one whose run is over is refused unless they are active', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    api.gateway.runs.delete(enrollmentId);
    const body = { scope: 'samples', decidedBy: 'sponsor' };
    const refused = await trial.coordinator('POST', `/enrollments/${enrollmentId}/withdrawal`, { body });
    expect([refused.status, refused.body.code]).toEqual([409, 'enrollment_closed']);
  });

  test('a deviation is logged and listed', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    const body = { category: 'visit_window', severity: 'minor', description: 'Two days late' };
    expect((await trial.coordinator('POST', `/enrollments/${enrollmentId}/deviations`, { body })).status).toBe(201);
    const { items } = (await trial.coordinator('GET', `/enrollments/${enrollmentId}/deviations`)).body;
    expect(items).toMatchObject([{ ...body, enrollmentId, actor: { id: 'coordinator-1' } }]);
  });
});

function signedConsentSeen() {
  const { version, documentSha256 } = signedConsent();
  return { version, documentSha256 };
}
