import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_EMERGENCIES } from '../../services/patient/break-glass/break-glass.ts';
import { startTestApi, type TestApi } from './support.ts';
import { HOME, newPerson, OTHER, registered, setUpTrial, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

let last = 0;
const stranger = (more: { authTime?: number } = {}) => api.as('clinician', { id: `er-${(last += 1)}`, sites: [OTHER], ...more });
const trailOf = async (patientId: string) =>
  (await api.database.sql`select verb from patient.audit_entries where entity_id = ${patientId} and verb in ('breakGlass', 'openedFor', 'getPerson') order by id`).map((row) => row['verb']);

describe('emergency access', () => {
  test('opens one record to a physician of another hospital, by its id, and everything read by it is in the trail', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const doctor = stranger();
    expect((await doctor('GET', `/patients/${patientId}`)).status).toBe(404);
    const opened = await doctor('POST', '/patients/break-glass', { body: { patientId, reason: 'unconscious, allergies unknown' } });
    expect(opened.status).toBe(201);
    expect(opened.body).toMatchObject({ patientId });
    expect((await doctor('GET', `/patients/${patientId}`)).status).toBe(200);
    const revealed = await doctor('GET', `/patients/${patientId}?reveal=true`);
    expect(revealed.body.patientInfo.mobile).toBe('13812341234');
    for (const path of ['history', 'consents']) expect((await doctor('GET', `/patients/${patientId}/${path}`)).status).toBe(200);
    expect(await trailOf(patientId)).toEqual(['breakGlass', 'openedFor', 'openedFor', 'getPerson', 'openedFor', 'openedFor']);
  });

  test('finds the person by an identifier that the emergency brings along', async () => {
    const person = newPerson(trial.siteId);
    const { body } = await trial.coordinator('POST', '/patients', { body: person });
    const opened = await stranger()('POST', '/patients/break-glass', { body: { identifier: person.identifiers[0], reason: 'bleeding' } });
    expect(opened).toMatchObject({ status: 201, body: { patientId: body.patientInfo.id } });
    expect((await stranger()('POST', '/patients/break-glass', { body: { identifier: { type: 'passport', country: 'DE', value: 'NOBODY1' }, reason: 'bleeding' } })).status).toBe(404);
  });

  test('is for who opened it, for that person, for reading, and for an hour', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const other = await registered(trial.coordinator, trial.siteId);
    const doctor = stranger();
    expect((await doctor('POST', '/patients/break-glass', { body: { patientId, reason: 'unconscious' } })).status).toBe(201);
    expect((await stranger()('GET', `/patients/${patientId}`)).status).toBe(404);
    expect((await doctor('GET', `/patients/${other}`)).status).toBe(404);
    const change = { body: { mobile: '13900001111', reason: 'x' }, headers: { 'If-Match': '"1"' } };
    expect((await doctor('PATCH', `/patients/${patientId}`, change)).status).toBe(404);
    expect((await doctor('POST', `/patients/${patientId}/history`, { body: { category: 'condition', description: 'x' } })).status).toBe(404);
    await api.database.sql`update patient.emergency_accesses set until = now() where patient_id = ${patientId}`;
    expect((await doctor('GET', `/patients/${patientId}`)).status).toBe(404);
    expect((await doctor('GET', `/patients/${patientId}?reveal=true`)).status).toBe(404);
  });

  test('shows nothing when the trail can’t be written', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const doctor = stranger();
    await doctor('POST', '/patients/break-glass', { body: { patientId, reason: 'unconscious' } });
    await api.database.sql`alter table patient.audit_entries add constraint refuses check (verb <> 'openedFor') not valid`;
    try {
      const { status, text } = await doctor('GET', `/patients/${patientId}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('138');
    } finally {
      await api.database.sql`alter table patient.audit_entries drop constraint refuses`;
    }
  });

  test('needs a reason and a fresh authentication, and is refused to everybody who treats nobody', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    expect((await stranger()('POST', '/patients/break-glass', { body: { patientId } })).status).toBe(400);
    expect((await stranger()('POST', '/patients/break-glass', { body: { patientId, reason: '  ' } })).status).toBe(400);
    const stale = await stranger({ authTime: Math.floor(Date.now() / 1000) - 400 })('POST', '/patients/break-glass', { body: { patientId, reason: 'x' } });
    expect(stale).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication' } });
    expect((await api.as('monitor')('POST', '/patients/break-glass', { body: { patientId, reason: 'x' } })).status).toBe(403);
  });

  test('is for a few persons an hour', async () => {
    const doctor = stranger();
    for (let n = 0; n < MOST_EMERGENCIES; n += 1) {
      expect((await doctor('POST', '/patients/break-glass', { body: { patientId: await registered(trial.coordinator, trial.siteId), reason: 'mass casualty' } })).status).toBe(201);
    }
    const refused = await doctor('POST', '/patients/break-glass', { body: { patientId: await registered(trial.coordinator, trial.siteId), reason: 'curious' } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'break_glass_limit', retryAt: expect.any(String) } });
  });

  test('has the role at the site as before, without it', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    expect((await api.as('clinician', { sites: [HOME] })('GET', `/patients/${patientId}`)).status).toBe(200);
    expect(await trailOf(patientId)).toEqual([]);
  });
});
