// Real: the system in one process, PostgreSQL, Temporal, SMTP; traces are read at the front door, as people would.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caller, type Caller, directStudy, type DirectStudy, type EnrollmentBody, resultsOf, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { named, pathOf, recordedTrace, traceWith } from './trace.ts';

let at: TestSystem;
let study: DirectStudy;

beforeAll(async () => {
  at = await startTestSystem();
  study = await directStudy(at, { protocol: SCREENED_PROTOCOL });
});
afterAll(() => at.stop());

const clinicianIn = (headers: Record<string, string>): Promise<Caller> => caller(at, 'clinician', { sites: [study.siteCode], headers });

describe('one request is one trace', () => {
  const { traceId, headers } = recordedTrace();
  let enrollmentId: string;

  beforeAll(async () => {
    const patientId = await study.register();
    const posted = await (await clinicianIn(headers)).post<EnrollmentBody>('/enrollments', study.body(patientId));
    expect(posted.status).toBe(201);
    expect(posted.headers.get('traceresponse')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    ({ enrollmentId } = posted.body);
    await study.until(enrollmentId, ({ awaiting }) => awaiting !== undefined);
  });

  it('from REST over the client, the workflow, its activities and gRPC to the statement', async () => {
    const spans = await traceWith(at.url, traceId, ['POST /api/v1/enrollments', 'RunActivity:recordConsent', 'RunActivity:openEnrollment']);
    const workflow = ['POST /api/v1/enrollments', 'StartUpdateWithStartWorkflow:awaitConsentRecorded', 'RunWorkflow:consentToEnrollment'];
    const judge = 'study.v1.StudyService/JudgeConsent';
    expect(pathOf(spans, named(spans, 'SELECT study.consent_versions'))).toEqual([...workflow, 'RunActivity:recordConsent', judge, judge, 'SELECT study.consent_versions']);
    expect(pathOf(spans, named(spans, 'INSERT patient.consents'))).toEqual([...workflow, 'RunActivity:recordConsent', 'transaction', 'INSERT patient.consents']);
    expect(pathOf(spans, named(spans, 'RunActivity:openEnrollment'))).toEqual([...workflow, 'RunActivity:openEnrollment']);
  });

  it('which holds codes, patterns and statements without values, and nothing of what anybody is called or has said', async () => {
    const spans = await traceWith(at.url, traceId, ['POST /api/v1/enrollments', 'INSERT patient.consents']);
    expect(named(spans, 'INSERT patient.consents').attributes['db.query.text']).toMatch(/^insert into "?patient"?."?consents"? .* values \(\$1, /);
    expect(named(spans, 'POST /api/v1/enrollments').attributes).toMatchObject({ 'http.route': '/api/v1/enrollments', 'http.response.status_code': 201 });
    const told = JSON.stringify(spans);
    for (const word of ['Test Person', 'Doctor One', 'hospital.example', 'passport', 'clinician-1', 'zh-CN', enrollmentId]) expect(told).not.toContain(word);
  });

  it('is drawn as a text for who asks for one', async () => {
    const drawn = await (await fetch(`${at.url}/debug/traces/${traceId}`, { headers: { accept: 'text/plain' } })).text();
    expect(drawn).toMatch(/^ *\+0 ms +[\d.]+ ms  test +POST \/api\/v1\/enrollments\n/);
    expect(drawn).toMatch(/\n *\+\d+ ms +[\d.]+ ms  test {29}RunWorkflow:consentToEnrollment\n/);
  });

  it('goes on after a wait in the trace of the request that has ended it, with a link to where it began', async () => {
    const results = recordedTrace();
    const clinician = await clinicianIn(results.headers);
    expect((await clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results: resultsOf({ AGE: 12, EGFR: 88 }) })).status).toBe(201);
    const ended = await study.until(enrollmentId, ({ outcome }) => outcome !== undefined);
    expect(ended.outcome).toBe('screen_failed');

    const spans = await traceWith(at.url, results.traceId, ['HandleUpdate:recordScreening', 'RunActivity:recordOutcome']);
    const message = ['POST /api/v1/enrollments/:enrollmentId/screening-results', 'StartWorkflowUpdate:recordScreening', 'HandleUpdate:recordScreening'];
    for (const name of ['RunActivity:recordScreeningResults', 'RunActivity:recordOutcome']) expect(pathOf(spans, named(spans, name))).toEqual([...message, name]);
    const start = named(await traceWith(at.url, traceId, ['RunWorkflow:consentToEnrollment']), 'RunWorkflow:consentToEnrollment');
    expect(named(spans, 'HandleUpdate:recordScreening').links).toEqual([{ traceId, spanId: start.spanId }]);
  });
});

it('a refusal is a span with its code; a trace that is not well-formed is not taken up', async () => {
  const { traceId, headers } = recordedTrace();
  const clinician = await clinicianIn(headers);
  const person = (name: string) => ({ name, identifiers: [{ type: 'passport', country: 'CN', value: 'E88112233' }], siteId: study.siteId });
  expect((await study.clinician.post('/patients', person('First Person'), 'one-key')).status).toBe(201);
  expect((await clinician.post('/patients', person('Other Person'), 'one-key')).body['code']).toBe('key_reused');
  const spans = await traceWith(at.url, traceId, ['POST /api/v1/patients']);
  const failed = spans.filter((span) => span.failed).map(({ kind, name, attributes }) => [kind, name, attributes['error.type']]);
  const call = 'patient.v1.PatientService/RegisterPatient';
  expect(new Set(failed)).toEqual(new Set([['client', call, 'key_reused'], ['server', call, 'key_reused'], ['client', 'transaction', 'key_reused']]));

  const stranger = await (await clinicianIn({ traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` })).get('/studies');
  expect(stranger.headers.get('traceresponse')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

it('what is not kept is 404, and what is no trace is refused', async () => {
  expect((await fetch(`${at.url}/debug/traces/${recordedTrace().traceId}`)).status).toBe(404);
  const send = (body: string) => fetch(`${at.url}/debug/otlp/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect((await send('{"resourceSpans": 1}')).status).toBe(422);
  expect((await send('not json')).status).toBe(422);
});
