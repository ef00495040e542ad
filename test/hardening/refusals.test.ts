import { randomUUID } from 'node:crypto';
import { SignJWT, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Caller, startTestApi, type TestApi } from '../api/support.ts';
import { enrolled, newPerson, OTHER, setUpTrial, type Trial } from '../api/trial.ts';

let api: TestApi;
let trial: Trial;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

/** All that is answered, but for what names the request itself. */
const said = ({ status, text, headers }: Answer) => {
  const { traceId: _, instance: __, ...body } = JSON.parse(text) as Record<string, unknown>;
  const shown = Object.fromEntries([...headers].filter(([name]) => !['x-request-id', 'traceresponse', 'date', 'content-length'].includes(name)));
  return { status, body, headers: shown };
};

describe('a token that is not taken', () => {
  it('is answered in one way, whatever is wrong with it and whoever it names', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = (claims: Record<string, unknown>, expires = '1h') =>
      new SignJWT({ name: 'X', roles: ['admin'], role: 'admin', ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'x' }).setIssuer('x').setAudience('trial-enrollment').setSubject('coordinator-1').setIssuedAt().setExpirationTime(expires).sign(privateKey);
    const tokens = ['a.b.c', await forged({}), await forged({ sub: 'nobody' }), await forged({}, '-1h')];
    const answers = await Promise.all(tokens.map(async (token) => said(await api.anonymous('GET', '/sites', { headers: { Authorization: `Bearer ${token}` } }))));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.status).toBe(401);
  });
});

describe('what the caller may not know of', () => {
  const unknown = () => randomUUID().replace(/^(.{14})./, '$17');
  let ids: { patientId: string; enrollmentId: string; consentId: string };
  beforeAll(async () => {
    ids = await enrolled(api, trial);
  });

  it.each<[string, (id: (known: 'patientId' | 'enrollmentId' | 'consentId') => string) => string]>([
    ['a person', (id) => `/patients/${id('patientId')}`],
    ['a revealed person', (id) => `/patients/${id('patientId')}?reveal=true`],
    ['a history', (id) => `/patients/${id('patientId')}/history`],
    ['consents', (id) => `/patients/${id('patientId')}/consents`],
    ['an enrollment', (id) => `/enrollments/${id('enrollmentId')}`],
    ['a timeline', (id) => `/enrollments/${id('enrollmentId')}/timeline`],
    ['eligibility', (id) => `/enrollments/${id('enrollmentId')}/eligibility-decision`],
    ['deviations', (id) => `/enrollments/${id('enrollmentId')}/deviations`],
  ])('is answered as what there is not: %s', async (_what, path) => {
    const stranger = api.as('clinician', { id: 'stranger', sites: [OTHER] });
    const foreign = await stranger('GET', path((known) => ids[known]));
    const nothing = await stranger('GET', path(unknown));
    expect(said(foreign)).toEqual(said(nothing));
    expect(foreign.status).toBe(404);
  });

  it('is searched for in the same statements as nobody: the time of an answer tells nothing', async () => {
    const person = newPerson(trial.siteId);
    await trial.coordinator('POST', '/patients', { body: person });
    const stranger = api.as('clinician', { id: 'guesser', sites: [OTHER] });
    const rowsOf = async (ask: () => Promise<Answer>) => {
      const count = async () => Number((await api.database.sql`select count(*)::int as n from patient.audit_entries`)[0]!['n']);
      const before = await count();
      expect((await ask()).body.items).toEqual([]);
      return (await count()) - before;
    };
    const search = (by: Caller, value: string) => by('POST', '/patients/search', { body: { identifier: { ...person.identifiers[0]!, value } } });
    expect(await rowsOf(() => search(stranger, person.identifiers[0]!.value))).toBe(1);
    expect(await rowsOf(() => search(stranger, 'E00000001'))).toBe(1);
  });
});

it('a person who comes to another hospital is known there from that moment on, and not before', async () => {
  const person = newPerson(trial.siteId);
  const { body } = await trial.coordinator('POST', '/patients', { body: person });
  const { patientInfo: { id } } = body;
  const elsewhere = api.as('coordinator', { id: 'coordinator-2', sites: [OTHER] });
  expect((await trial.coordinator('GET', `/patients/${id}`)).status).toBe(200);
  expect((await elsewhere('GET', `/patients/${id}`)).status).toBe(404);
  const { body: { items } } = await trial.admin('GET', '/sites');
  const other = (items as unknown as { siteId: string; code: string }[]).find(({ code }) => code === OTHER)!;
  expect((await elsewhere('POST', '/patients', { body: { ...person, siteId: other.siteId } })).body.patientInfo.id).toBe(id);
  for (const by of [elsewhere, trial.coordinator]) expect((await by('GET', `/patients/${id}`)).status).toBe(200);
});
