// Real: the API, the services, PostgreSQL. Stand-ins: the workflow engine, and a service that doesn't answer.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Role } from '../../services/common/index.ts';
import { currentTraceId, DomainError } from '../../services/common/index.ts';
import { currentScope } from '../../services/common/resilience/index.ts';
import { startTestApi, type TestApi } from './support.ts';
import { enrolled, HOME, OTHER, setUpTrial, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterEach(() => {
  vi.restoreAllMocks();
  api.gateway.away = false;
});
afterAll(() => api.stop());

const clients = () => api.services.channels.clientsOf('api');
const open = new DomainError('unavailable', 'circuit_open', 'The service does not answer at the moment.', { details: { retryAfterMs: 29_001 } });
const patientIsAway = () => vi.spyOn(clients().patient, 'getPerson').mockRejectedValue(open);
const siteIsAway = () => vi.spyOn(clients().site, 'listActivations').mockRejectedValue(open);

describe('an enrollment', () => {
  test('shows its participant, masked, to who may see persons, and to nobody else', async () => {
    const { enrollmentId, patientId } = await enrolled(api, trial);
    const sees = async (role: Role, user = {}) => (await api.as(role, { sites: [HOME], studies: [trial.studyCode], ...user })('GET', `/enrollments/${enrollmentId}`)).body;
    for (const role of ['clinician', 'investigator', 'coordinator', 'data-manager', 'auditor'] as const) {
      expect((await sees(role)).patientInfo, role).toMatchObject({ id: patientId, name: 'W** X**', mobile: '138****1234' });
    }
    expect((await sees('patient', { patientId })).patientInfo).toMatchObject({ id: patientId });
    const asked = vi.spyOn(clients().patient, 'getPerson');
    for (const role of ['monitor', 'sponsor', 'medical-monitor', 'pharmacist', 'statistician', 'ops', 'admin'] as const) {
      const body = await sees(role);
      expect(body.enrollmentId, role).toBe(enrollmentId);
      expect(body, role).not.toHaveProperty('patientInfo');
    }
    expect(asked).not.toHaveBeenCalled();
  });

  test('shows nothing of a person whom the site does not have any more', async () => {
    const { enrollmentId, patientId } = await enrolled(api, trial);
    await api.database.sql`update patient.patients set site_ids = '{}' where id = ${patientId}`;
    const { status, body } = await trial.coordinator('GET', `/enrollments/${enrollmentId}`);
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('patientInfo');
  });

  test('is answered without its participant while Patient is away, and says so, beside the engine that is away, too', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    const get = () => trial.coordinator('GET', `/enrollments/${enrollmentId}`);
    patientIsAway();
    expect(await get()).toMatchObject({ status: 200, body: { enrollmentId, stage: 'slot', patientInfo: null, degraded: ['patient'] } });
    api.gateway.away = true;
    expect(await get()).toMatchObject({ status: 200, body: { patientInfo: null, degraded: ['temporal', 'patient'] } });
  });

  test('is not answered with a part that failed for another reason', async () => {
    const { enrollmentId } = await enrolled(api, trial);
    vi.spyOn(clients().patient, 'getPerson').mockRejectedValue(new Error('a mistake of ours'));
    expect((await trial.coordinator('GET', `/enrollments/${enrollmentId}`)).status).toBe(500);
    vi.mocked(clients().patient.getPerson).mockRejectedValue(new DomainError('not_found', 'not_found', 'No such patient.'));
    expect((await trial.coordinator('GET', `/enrollments/${enrollmentId}`)).status).toBe(404);
  });

  test('that ends while it is looked up is answered with the reason of its end', async () => {
    const { enrollmentId, patientId } = await enrolled(api, trial);
    const run = api.gateway.runs.get(enrollmentId)!;
    const { studyId, studyCode, siteId, siteCode, requestKey, contentHash, rescreenOf, protocol } = run;
    const identity = { enrollmentId, patientId, studyId, studyCode, siteId, siteCode, requestKey, contentHash, rescreenOf, protocolVersionId: protocol.protocolVersionId };
    const view = api.gateway.views.get(enrollmentId)!;
    vi.spyOn(api.gateway, 'view').mockImplementation(async () => {
      await api.services.services.study!.recordOutcome({ ctx: { actor: { kind: 'service', service: 'test' }, requestId: 'test' }, key: `${enrollmentId}/outcome`, input: { identity, revision: 9, outcome: 'screen_failed', stage: 'slot', reason: 'not_eligible' } });
      return { kind: 'live', view: { ...view, outcome: 'screen_failed' } };
    });
    expect((await trial.coordinator('GET', `/enrollments/${enrollmentId}`)).body).toMatchObject({ outcome: 'screen_failed', outcomeReason: 'not_eligible' });
  });
});

describe('a study', () => {
  const get = async (role: Role, user = {}) => (await api.as(role, { sites: [HOME], studies: [trial.studyCode], ...user })('GET', `/studies/${trial.studyId}`)).body as unknown as { code: string; sites: { code: string; slots?: object }[] };

  test('shows the sites at which it runs, each with its approvals', async () => {
    expect(await get('coordinator')).toMatchObject({
      code: trial.studyCode,
      sites: [{ siteId: trial.siteId, code: HOME, approvals: [{ protocolVersion: '1.0', ethicsApprovedAt: '2026-01-20T00:00:00.000Z' }] }],
    });
  });

  test('shows the slots of a site to who may see its numbers, the sites themselves to those of the study', async () => {
    const slots = { cap: 50, reserved: expect.any(Number), confirmed: expect.any(Number) };
    for (const role of ['coordinator', 'sponsor', 'ops', 'auditor'] as const) expect((await get(role)).sites, role).toMatchObject([{ slots }]);
    for (const role of ['coordinator', 'pharmacist'] as const) expect((await get(role, { sites: [OTHER] })).sites[0], role).not.toHaveProperty('slots');
    expect((await get('privacy-officer')).sites[0]).not.toHaveProperty('slots');
  });

  test('shows only those of its sites that whoever sees by study has in their list', async () => {
    expect((await get('monitor', { sites: [HOME] })).sites).toMatchObject([{ code: HOME }]);
    expect((await get('monitor', { sites: [OTHER] })).sites).toEqual([]);
  });

  test('is answered without its sites while Site is away, and says so', async () => {
    siteIsAway();
    expect(await get('coordinator')).toMatchObject({ code: trial.studyCode, sites: null, degraded: ['site'] });
  });
});

test('a part of a view has its own short time, and is in the trace of the request', async () => {
  const scopes: unknown[] = [];
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  vi.spyOn(clients().site, 'listActivations').mockImplementation(async () => {
    scopes.push({ left: (currentScope()?.deadlineAt ?? Infinity) - Date.now(), traceId: currentTraceId() });
    await delay(1);
    return { items: [] };
  });
  const ask = (headers: Record<string, string>) => trial.coordinator('GET', `/studies/${trial.studyId}`, { headers });
  await ask({ traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  await ask({ traceparent: '00-00000000000000000000000000000000-b7ad6b7169203331-01' });
  await ask({ traceparent: 'of somebody else' });
  const begun = { traceId: expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/) };
  expect(scopes).toMatchObject([{ traceId }, begun, begun]);
  expect(new Set(scopes.map((scope) => (scope as { traceId: string }).traceId)).size).toBe(3);
  for (const { left } of scopes as { left: number }[]) expect(left).toBeLessThanOrEqual(5000);
});

test('a 503 says how long the service that refused wants to be left alone', async () => {
  vi.spyOn(clients().site, 'listSites').mockRejectedValue(open);
  const { status, headers, body } = await trial.admin('GET', '/sites');
  expect([status, headers.get('Retry-After'), body.code]).toEqual([503, '30', 'circuit_open']);
});
