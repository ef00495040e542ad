import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';
import { newPerson, OTHER, registered, setUpTrial, signedConsent, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

type Entry = Record<string, unknown> & { number: string; verb: string };
const inspector = () => api.as('auditor', { id: 'inspector-1' });
const pages = async (path: string) => {
  const all: Entry[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await inspector()('GET', `${path}&limit=3${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    all.push(...(body.items as unknown as Entry[]));
    cursor = body.nextCursor;
  }
  return all;
};

describe('an inspector', () => {
  test('reads the trail of a service page by page, each entry once, in the order of writing', async () => {
    for (let n = 0; n < 4; n += 1) await registered(trial.coordinator, trial.siteId);
    const all = await pages('/audit/patient?entity=patient');
    const [row] = await api.database.sql`select count(*)::int as count from patient.audit_entries where entity = 'patient'`;
    expect(all).toHaveLength(row!['count'] as number);
    const numbers = all.map(({ number }) => Number(number));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  test('sees who, when, why and what was changed, and of the participant what it is of, not who', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const change = { body: { mobile: '13900007777', reason: 'a new number' }, headers: { 'If-Match': '"1"' } };
    expect((await trial.coordinator('PATCH', `/patients/${patientId}`, change)).status).toBe(200);
    const [made, changed] = await pages(`/audit/patient?entityId=${patientId}`);
    expect(made).toMatchObject({ action: 'C', verb: 'registerPerson', position: 1, erased: false, address: expect.any(String), traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(changed).toMatchObject({ action: 'U', verb: 'amendPerson', position: 2, reason: 'a new number', actor: { role: 'coordinator', name: expect.any(String) }, after: { mobile: '(withheld)' } });
    const text = JSON.stringify([made, changed]);
    for (const secret of ['13900007777', '13812341234']) expect(text).not.toContain(secret);
  });

  test('reads it as CSV and as a text with the signatures, and is told where it goes on', async () => {
    const person = newPerson(trial.siteId);
    const { body } = await trial.coordinator('POST', '/patients', { body: person });
    const { patientInfo: { id } } = body as { patientInfo: { id: string } };
    const consent = await trial.coordinator('POST', `/patients/${id}/consents`, { body: { studyId: trial.studyId, siteId: trial.siteId, consent: signedConsent() } });
    expect(consent.status).toBe(201);
    const about = `/audit/patient?entity=consent&entityId=${consent.body.consentId}`;
    const { text } = await inspector()('GET', `${about}&format=text`);
    expect(text).toMatch(/electronic signature: .+, 20\d\d-.+Z, meaning: .+/);
    expect(text).not.toContain(person.name);
    const csv = await inspector()('GET', '/audit/patient?format=csv&limit=2');
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const next = /^<(.+)>; rel="next"$/.exec(csv.headers.get('link') ?? '')?.[1];
    expect(next).toContain('cursor=');
    const lines = csv.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('service,number,at,action,verb,entity,entityId,position,actorId,actorName,actorRole,reason,before,after,address,requestId,traceId,hash');
  });

  test('gets all that one enrollment has led to by the enrollment’s id', async () => {
    const all = await pages('/audit/study?enrollmentId=0198c0de-0000-7000-8000-000000000000');
    expect(all).toEqual([]);
  });

  test.each(['/audit/other', '/audit/study?cursor=x', '/audit/study?limit=1001', '/audit/study?from=yesterday', '/audit/study?entity=%27%3B--', '/audit/study?what=1'])('is told what is wrong with %s', async (path) => {
    expect((await inspector()('GET', path)).status).toBe(400);
  });
});

describe('the accounting of disclosures', () => {
  test('tells the participant to whom the identity was shown, when and why, oldest first', async () => {
    const { body } = await trial.coordinator('POST', '/patients', { body: { ...newPerson(trial.siteId), mobile: '13612345678' } });
    const { patientInfo: { id } } = body as { patientInfo: { id: string } };
    const officer = api.as('privacy-officer', { id: 'privacy-7' });
    expect((await officer('GET', `/patients/${id}?reveal=true`)).status).toBe(200);
    expect((await trial.coordinator('POST', '/patients/search', { body: { mobile: '13612345678' } })).status).toBe(200);
    const stranger = api.as('clinician', { id: 'er-99', sites: [OTHER] });
    expect((await stranger('POST', '/patients/break-glass', { body: { patientId: id, reason: 'unconscious' } })).status).toBe(201);
    expect((await stranger('GET', `/patients/${id}`)).status).toBe(200);
    const own = await api.as('patient', { patientId: id })('GET', `/patients/${id}/disclosures`);
    expect(own.body.items).toMatchObject([
      { to: { id: 'privacy-7', role: 'privacy-officer', name: expect.any(String) }, by: 'getPerson', how: { revealed: true } },
      { by: 'searchPersons', how: { foundBy: 'mobile' } },
      { to: { id: 'er-99' }, by: 'breakGlass', reason: 'unconscious' },
      { to: { id: 'er-99' }, by: 'openedFor', how: { operation: 'getPatient' } },
    ]);
    expect(JSON.stringify(own.body)).not.toContain('13612345678');
    const other = await registered(trial.coordinator, trial.siteId);
    expect((await api.as('patient', { patientId: id })('GET', `/patients/${other}/disclosures`)).status).toBe(404);
  });

  test('names no participant who has read the own record, nor does the trail', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const own = api.as('patient', { id: 'own-1', name: 'Zhang Canary', patientId });
    expect((await own('GET', `/patients/${patientId}?reveal=true`)).status).toBe(200);
    const accounted = await inspector()('GET', `/patients/${patientId}/disclosures`);
    expect(accounted.body.items).toMatchObject([{ to: { id: 'own-1', name: '(withheld)', role: 'patient' } }]);
    const [, read] = await pages(`/audit/patient?entityId=${patientId}`);
    expect(read).toMatchObject({ actor: { role: 'patient', name: '(withheld)' }, address: null });
    expect(accounted.text + JSON.stringify(read)).not.toContain('Zhang Canary');
  });

  test('goes six years back, and no further', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const officer = api.as('privacy-officer', {});
    for (let n = 0; n < 2; n += 1) await officer('GET', `/patients/${patientId}?reveal=true`);
    const { sql } = api.database;
    const rows = await sql`select id from patient.audit_entries where entity_id = ${patientId} and action = 'R' order by number`;
    for (const [n, years] of [[0, '6 years 1 day'], [1, '6 years -1 day']] as const) {
      await sql.unsafe(`set session_replication_role = replica; update patient.audit_entries set at = now() - interval '${years}' where id = '${String(rows[n]!['id'])}'; set session_replication_role = origin`);
    }
    expect((await officer('GET', `/patients/${patientId}/disclosures`)).body.items).toHaveLength(1);
  });
});
