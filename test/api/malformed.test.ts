import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';
import { directProtocol, enrollmentBody, newPerson, registered, setUpTrial, type Trial } from './trial.ts';

const SECRET = 'TOP-SECRET-7781';

let api: TestApi;
let trial: Trial;
let patientId: string;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
  patientId = await registered(trial.coordinator, trial.siteId);
});
afterAll(() => api.stop());

async function refused(path: string, ask: { body?: unknown; raw?: string; headers?: Record<string, string> }) {
  const by = path.startsWith('/studies') ? trial.admin : trial.coordinator;
  const answer = await by('POST', path, ask);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.text).toBeLessThan(500);
  expect(answer.body).toMatchObject({ type: expect.any(String), title: expect.any(String), status: answer.status, detail: expect.any(String), code: expect.any(String), traceId: expect.any(String) });
  expect(answer.text).not.toContain(SECRET);
  return answer;
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('a body that is not what an operation takes', () => {
  test.each([
    ['malformed JSON', `{"name": "${SECRET}"`, 400],
    ['JSON with a comment', `{} // ${SECRET}`, 400],
    ['no object', `"${SECRET}"`, 400],
    ['an array', `["${SECRET}"]`, 400],
    ['null', 'null', 400],
    ['nothing', '', 400],
    ['nested 33 deep', nested(33), 400],
    ['nested 100,000 deep', nested(100_000), 400],
    ['a NUL character', `{"name": "${SECRET}\\u0000"}`, 400],
    ['half a surrogate pair', `{"name": "${SECRET}\\ud800"}`, 400],
    ['a key that means something to JavaScript', `{"__proto__": {"name": "${SECRET}"}}`, 400],
    ['a number beyond all bounds', '{"name": 1e999}', 400],
  ])('is refused: %s', async (_what, raw, status) => {
    for (const path of ['/patients', '/enrollments', `/studies/${trial.studyId}/protocol-versions`, '/patients/search']) {
      expect((await refused(path, { raw })).status).toBe(status);
    }
  });

  test('over 1 MB is a 413, with and without a length', async () => {
    const raw = JSON.stringify({ name: SECRET + 'x'.repeat(1_000_000) });
    expect((await refused('/patients', { raw })).status).toBe(413);
    expect((await refused('/patients', { raw, headers: { 'Transfer-Encoding': 'chunked' } })).status).toBe(413);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'application/xml', 'nonsense'])(
    'of the media type %s is a 415',
    async (type) => {
      const raw = JSON.stringify(newPerson(trial.siteId));
      expect((await refused('/patients', { raw, headers: { 'Content-Type': type } })).status).toBe(415);
    },
  );

  test('with a charset parameter is taken', async () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    expect((await trial.coordinator('POST', '/patients', { body: newPerson(trial.siteId), headers })).status).toBe(201);
  });

  test('with an unknown field is refused, at any depth, naming the place and not the value', async () => {
    const flat = await refused('/patients', { body: { ...newPerson(trial.siteId), surprise: SECRET } });
    expect(flat.status).toBe(400);
    expect(flat.body.errors).toEqual([{ pointer: '', detail: 'unknown field: surprise' }]);
    const body = enrollmentBody(trial, patientId);
    const deep = await refused('/enrollments', { body: { ...body, consent: { ...body.consent, [SECRET]: 1 } } });
    expect(deep.body.errors).toEqual([{ pointer: '/consent', detail: 'unknown field' }]);
    await refused(`/studies/${trial.studyId}/protocol-versions`, { body: { ...directProtocol(), note: SECRET } });
  });

  test('says by JSON pointer what is wrong', async () => {
    const body = enrollmentBody(trial, patientId);
    const [participant, discusser] = body.consent.signers;
    const wrong = { ...body, consent: { ...body.consent, signers: [participant, { ...discusser, signedAt: SECRET }] } };
    const { status, body: problem } = await refused('/enrollments', { body: wrong });
    expect(status).toBe(400);
    expect(problem.errors.map((error: { pointer: string }) => error.pointer)).toEqual(['/consent/signers/1/signedAt']);
  });

  test('keeps any valid Unicode exactly as it came', async () => {
    const name = '阿卜杜拉·𠮷野 Zoë \u{1F469}\u200D\u2695\uFE0F e\u0301';
    const { status, body } = await trial.coordinator('POST', '/patients', { body: { ...newPerson(trial.siteId), name } });
    expect(status).toBe(201);
    const { body: shown } = await api.as('privacy-officer')('GET', `/patients/${body.patientInfo.id}?reveal=true`);
    expect(shown.patientInfo.name).toBe(name);
  });

  test('is never a 5xx, whatever JSON it is', async () => {
    const template = enrollmentBody(trial, patientId);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }), fc.constantFrom(...Object.keys(template)), async (value, field) => {
        const answers = await Promise.all([
          trial.coordinator('POST', '/enrollments', { body: { ...template, patientId: 'x', [field]: value } }),
          trial.coordinator('POST', '/patients', { body: value ?? null }),
          trial.admin('POST', `/studies/${trial.studyId}/protocol-versions`, { body: { ...directProtocol(), criteria: value, visits: value } }),
        ]);
        for (const { status } of answers) expect(status).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a URL that is not what an operation takes', () => {
  test.each([
    '/patients/not-an-id', '/patients/%00', '/patients/..%2f..', '/enrollments?limit=0', '/enrollments?limit=201', '/enrollments?limit=1e999',
    '/enrollments?stage=%00', '/enrollments?awaiting=%00', '/enrollments?unknown=1', '/enrollments?cursor=zzz', '/enrollments?needsAttention=maybe',
    '/enrollments?limit=1&limit=2', '/enrollments/%ED%A0%80', '/studies?cursor=%27%3B--',
  ])('is a 4xx: %s', async (path) => {
    const { status, headers } = await trial.coordinator('GET', path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers.get('Content-Type')).toBe('application/problem+json');
  });
});
