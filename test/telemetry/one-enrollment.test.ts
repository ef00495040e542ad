// Real: each part of the system as a process of its own (npm run start:split), their PostgreSQL, Temporal, mailbox and
// log. What slows Patient down is a lock on its table, held by the test.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { KeptSpan } from '../../api/debug/kept-traces.ts';
import { readConfig } from '../../runtime/config.ts';
import { loadSecrets } from '../../runtime/keys.ts';
import { openTemporalClient } from '../../runtime/temporal-client.ts';
import { contextOf, inSpan } from '../../services/common/index.ts';
import { type AppProcess, databaseUrl, dataFolder, embeddedServers, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { caller, type Caller, directStudy, type DirectStudy, type EnrollmentBody, type Reachable, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { look, type Shown } from '../metrics/shown.ts';
import { named, pathOf, recordedTrace, traceWith } from './trace.ts';

type Line = { service_name: string; trace_id?: string; [field: string]: unknown };

const folder = dataFolder();
let app: AppProcess;
let at: Reachable;
let study: DirectStudy;

beforeAll(async () => {
  app = await startApp({ dataDir: folder.path, args: ['split', '--empty'], env: { LOG_LEVEL: 'info' } });
  at = { url: app.url, issuer: await issuerOf(folder.path) };
  study = await directStudy(at);
}, 120_000);
afterAll(async () => {
  await endApps();
  folder.remove();
});

/** What each process shows of itself; they have printed where. */
async function metricsOfAll(): Promise<Record<string, Shown>> {
  const urls = [...app.stdout().matchAll(/^ready (\w+) (http:\S+)/gm)].map(([, part = '', url = '']) => [part, url] as const);
  return Object.fromEntries(await Promise.all(urls.map(async ([part, url]) => [part, await look(url)] as const)));
}

/** By how much a sum has moved, in the process that counts it. */
const movedFrom = (before: Record<string, Shown>, after: Record<string, Shown>) => (part: string, name: string, labels: Record<string, string> = {}) => after[part]!.sum(name, labels) - before[part]!.sum(name, labels);

const clinicianIn = (headers: Record<string, string>): Promise<Caller> => caller(at, 'clinician', { sites: [study.siteCode], headers });
const linesOf = (traceId: string): Line[] => app.stdout().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line).filter((line) => line.trace_id === traceId);
const services = (spans: readonly { service: string }[]) => new Set(spans.map(({ service }) => service.replace('trial-enrollment-', '')));

describe('one enrollment through the processes', () => {
  const { traceId, headers } = recordedTrace();
  const requestId = 'request-of-the-test';
  let patientId: string;
  let enrollmentId: string;
  let spans: KeptSpan[];
  let before: Record<string, Shown>;
  let after: Record<string, Shown>;

  beforeAll(async () => {
    patientId = await study.register();
    before = await metricsOfAll();
    const clinician = await clinicianIn({ ...headers, 'x-request-id': requestId });
    const posted = await clinician.post<EnrollmentBody>('/enrollments', study.body(patientId));
    expect(posted.status).toBe(201);
    ({ enrollmentId } = posted.body);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
    spans = await traceWith(at.url, traceId, ['POST /api/v1/enrollments', 'RunWorkflow:consentToEnrollment', 'RunActivity:recordConsent', 'RunActivity:reserveSlot', 'RunActivity:openCasebook', 'RunActivity:sendNotice', 'RunActivity:sendNotice', 'RunActivity:recordOutcome']);
    after = await metricsOfAll();
  });

  it('is one trace, from REST to the statements, in all seven of them', () => {
    expect(services(spans)).toEqual(new Set(['api', 'enrollment', 'patient', 'study', 'site', 'edc', 'notification']));
    const workflow = ['POST /api/v1/enrollments', 'StartUpdateWithStartWorkflow:awaitConsentRecorded', 'RunWorkflow:consentToEnrollment'];
    expect(pathOf(spans, named(spans, 'INSERT patient.consents'))).toEqual([...workflow, 'RunActivity:recordConsent', 'transaction', 'INSERT patient.consents']);
    const judge = 'study.v1.StudyService/JudgeConsent';
    expect(pathOf(spans, named(spans, 'SELECT study.consent_versions'))).toEqual([...workflow, 'RunActivity:recordConsent', judge, judge, 'SELECT study.consent_versions']);
    const called = spans.filter(({ name }) => name === judge).map(({ service, kind }) => `${kind} ${service}`);
    expect(called.toSorted()).toEqual(['client trial-enrollment-patient', 'server trial-enrollment-study']);
  });

  it('has its trace, request and ids in every line of the log that is about it, from the edge to the last activity', () => {
    const lines = linesOf(traceId);
    expect(services(lines.map(({ service_name: service }) => ({ service })))).toEqual(new Set(['api', 'patient', 'study', 'site', 'edc', 'notification']));
    for (const line of lines) expect(line).toMatchObject({ request_id: requestId, span_id: expect.stringMatching(/^[0-9a-f]{16}$/), timestamp: expect.stringMatching(/Z$/) });
    const activities = lines.filter(({ msg }) => msg === 'activity');
    const ran = spans.filter(({ name }) => name.startsWith('RunActivity:')).map(({ name }) => name.slice('RunActivity:'.length));
    expect(activities.map(({ activity }) => activity).toSorted()).toEqual(ran.toSorted());
    expect(activities.filter((line) => line['enrollment_id'] !== enrollmentId).map(({ activity }) => activity)).toEqual([]);
    for (const line of activities) expect(line).toMatchObject({ code: expect.any(String), attempt: expect.any(Number), workflow_id: `enrollment/${study.studyCode}/${patientId}` });
    // Nothing about it is anywhere in another trace, or in none.
    const others = app.stdout().split('\n').filter((line) => line.includes(patientId) && !line.includes(traceId));
    expect(others.filter((line) => !line.includes('"route":"/api/v1/enrollments/:enrollmentId"'))).toEqual([]);
  });

  it('moves the metrics of each process by exactly what it did', () => {
    expect(Object.keys(after).toSorted()).toEqual(['api', 'edc', 'enrollment', 'notification', 'patient', 'site', 'study']);
    const moved = movedFrom(before, after);
    const post = { method: 'POST', route: '/api/v1/enrollments', status: '201' };
    expect([moved('api', 'http_requests_total', post), moved('api', 'http_request_duration_seconds_count', post)]).toEqual([1, 1]);
    for (const [service, method, client] of [['study', 'CheckAdmission', 'api'], ['study', 'JudgeConsent', 'patient'], ['patient', 'ListMissingSigners', 'api']] as const) {
      const call = { grpc_service: `${service}.v1.${service === 'study' ? 'Study' : 'Patient'}Service`, grpc_method: method, grpc_code: 'OK' };
      const calls = spans.filter(({ name, kind }) => name === `${call.grpc_service}/${method}` && kind === 'server').length;
      expect([moved(service, 'grpc_server_handled_total', call), moved(service, 'grpc_server_handling_seconds_count', call), moved(client, 'grpc_client_handled_total', call)], method).toEqual([calls, calls, calls]);
    }
    expect([moved('enrollment', 'trial_enrollments_ended_total', { outcome: 'active' }), moved('enrollment', 'trial_enrollments_ended_total')]).toEqual([1, 1]);
    expect([moved('enrollment', 'trial_stage_seconds_count'), moved('enrollment', 'trial_compensations_total')]).toEqual([5, 0]);
    expect([moved('notification', 'trial_notification_deliveries_total', { kind: 'enrolled' }), moved('notification', 'trial_notification_deliveries_total')]).toEqual([1, 3]);
  });

  it('leaves nothing of what anybody is called or has said in any of the three', () => {
    const told = `${JSON.stringify(spans)}${app.stdout()}${Object.values(after).map(({ text }) => text).join('')}`;
    for (const word of ['Test Person', 'Doctor One', 'hospital.example', 'passport', 'zh-CN', 'clinician-1']) expect(told).not.toContain(word);
  });
});

it('what workflow code logs says where it belongs, too, and once however often it is replayed', async () => {
  const waiting = await directStudy(at, { protocol: SCREENED_PROTOCOL });
  const patientId = await waiting.register();
  const clinician = await caller(at, 'clinician', { sites: [waiting.siteCode], headers: { 'x-request-id': 'request-that-waits' } });
  const { body } = await clinician.post<EnrollmentBody>('/enrollments', waiting.body(patientId));
  await waiting.until(body.enrollmentId, ({ awaiting }) => awaiting !== undefined);

  const { payloadKeys } = await loadSecrets(readConfig({ DATA_DIR: folder.path }));
  const { client, close } = await openTemporalClient({ connection: { address: embeddedServers(app).temporalAddress }, namespace: 'default' }, payloadKeys);
  const { traceId, headers } = recordedTrace();
  const workflowId = `enrollment/${waiting.studyCode}/${patientId}`;
  try {
    const strange = { enrollmentId: 'of somebody else', key: 'key', contentHash: 'hash' };
    await inSpan('test', { parent: contextOf(headers) }, () => client.workflow.getHandle(workflowId).signal('withdraw', strange));
  } finally {
    await close();
  }
  const told = () => linesOf(traceId).filter(({ service_name: service }) => service === 'trial-enrollment-enrollment');
  await vi.waitFor(() => expect(told()).not.toEqual([]), { timeout: 10_000, interval: 100 });
  await waiting.withdraw(body.enrollmentId);
  await waiting.until(body.enrollmentId, ({ outcome }) => outcome === 'declined');
  expect(told()).toMatchObject([{ level: 'warn', msg: 'a withdrawal by signal was refused', code: 'other_enrollment', workflow_id: workflowId, request_id: 'request-that-waits' }]);
});

it('half a second that Patient loses is seen in the span of its statement, and in the histograms', async () => {
  const patientId = await study.register();
  const before = await metricsOfAll();
  const { traceId, headers } = recordedTrace();
  const clinician = await clinicianIn(headers);
  const sql = postgres(databaseUrl(folder.path), { max: 1, onnotice: () => undefined });
  try {
    await sql.begin(async (tx) => {
      await tx`lock table patient.patients in access exclusive mode`;
      const read = clinician.get(`/patients/${patientId}`);
      await tx`select pg_sleep(0.5)`;
      return { read };
    }).then(({ read }) => read);
  } finally {
    await sql.end();
  }
  const spans = await traceWith(at.url, traceId, ['GET /api/v1/patients/:patientId', 'SELECT patient.patients']);
  const slow = spans.filter(({ durationMs }) => durationMs >= 400).map(({ service, name }) => `${service} ${name}`);
  expect(slow).toContain('trial-enrollment-patient SELECT patient.patients');
  expect(services(spans.filter(({ durationMs }) => durationMs >= 400))).toEqual(new Set(['api', 'patient']));
  const moved = movedFrom(before, await metricsOfAll());
  const read = { grpc_service: 'patient.v1.PatientService', grpc_method: 'GetPatient', grpc_code: 'OK' };
  const request = { method: 'GET', route: '/api/v1/patients/:patientId', status: '200' };
  for (const [part, name, labels] of [['patient', 'grpc_server_handling_seconds', read], ['api', 'http_request_duration_seconds', request]] as const) {
    expect([moved(part, `${name}_bucket`, { ...labels, le: '0.2' }), moved(part, `${name}_count`, labels)], name).toEqual([0, 1]);
  }
});
