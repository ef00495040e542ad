// The matrix: every route of the committed openapi.json × every role. That the file is the app's own is held by http.test.ts.
import { readFileSync } from 'node:fs';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf, OPERATIONS, type OperationId, ROWS_WITHOUT_ROUTE } from '../../services/common/authority/policy.ts';
import { ROLES, type Role } from '../../services/common/index.ts';
import type { AuthenticatedUser } from '../../api/auth/token.ts';
import { type Ask, startTestApi, type TestApi } from './support.ts';
import { unblinded } from './unblinded.ts';
import { directProtocol, DOCUMENT, enrolled, enrollmentBody, HOME, newPerson, OTHER, registered, setUpTrial, signedConsent, type Trial } from './trial.ts';
import { auditOf } from '../support/audit.ts';
import { sealedPayload } from '../support/sealed-payload.ts';

type Described = { operationId: string };
const METHODS = ['get', 'post', 'patch', 'put', 'delete'];
const { paths } = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, Described>> };
const ROUTES = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, described]) => (METHODS.includes(method) ? [{ method: method.toUpperCase(), path, operation: described.operationId }] : [])),
);

let api: TestApi;
let trial: Trial;
let ids: { patientId: string; enrollmentId: string; consentId: string; unblindingId: string; emergencyId: string };
let payload: Awaited<ReturnType<typeof sealedPayload>>;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
  const enrollment = await enrolled(api, trial);
  // Another person, or this one's record would be open to whoever asks for it by that.
  const emergencyId = await registered(trial.coordinator, trial.siteId);
  ids = { ...enrollment, emergencyId, unblindingId: await unblinded(api, { ...trial, ...enrollment }) };
  payload = await sealedPayload(`enrollment/${trial.studyCode}/${ids.patientId}`, { name: 'Wang Xiaoming' });
});
afterAll(() => api.stop());

type Request = [method: string, path: string, ask?: Ask];

/** One good request per operation, on things of site S1 and study OBS-1. */
function requestOf(operation: OperationId): Request {
  const { studyId, siteId, delegationId } = trial;
  const { patientId, enrollmentId, consentId, unblindingId } = ids;
  const unique = uuidv7();
  const code = `X${unique.slice(-10)}`;
  const at = { patients: `/patients/${patientId}`, studies: `/studies/${studyId}`, enrollments: `/enrollments/${enrollmentId}` };
  const requests: Record<OperationId, Request> = {
    registerPatient: ['POST', '/patients', { body: newPerson(siteId) }],
    getPatient: ['GET', at.patients],
    revealPatient: ['GET', `${at.patients}?reveal=true`],
    amendPatient: ['PATCH', at.patients, { body: { mobile: '13900001111', reason: 'typed wrong' }, headers: { 'If-Match': '"999"' } }],
    searchPatients: ['POST', '/patients/search', { body: { mobile: '13812341234' } }],
    breakGlass: ['POST', '/patients/break-glass', { body: { patientId: ids.emergencyId, reason: 'unconscious, allergies unknown' } }],
    listHistory: ['GET', `${at.patients}/history`],
    addHistory: ['POST', `${at.patients}/history`, { body: { category: 'condition', description: 'Asthma' } }],
    listDisclosures: ['GET', `${at.patients}/disclosures`],
    listAuditEntries: ['GET', '/audit/study?limit=1'],
    listConsents: ['GET', `${at.patients}/consents`],
    recordConsent: ['POST', `${at.patients}/consents`, { body: { studyId, siteId, consent: signedConsent() } }],
    markConsentEnteredInError: ['POST', `${at.patients}/consents/${consentId}/entered-in-error`, { body: { reason: 'typed twice' } }],
    listSites: ['GET', '/sites'],
    getSite: ['GET', `/sites/${siteId}`],
    createSite: ['POST', '/sites', { body: { code, name: 'Hospital', timezone: 'Asia/Shanghai' } }],
    listStudies: ['GET', '/studies'],
    getStudy: ['GET', at.studies],
    createStudy: ['POST', '/studies', { body: { code, title: 'Another' } }],
    addProtocolVersion: ['POST', `${at.studies}/protocol-versions`, { body: { ...directProtocol(), version: code } }],
    activateSite: ['POST', `${at.studies}/sites`, { body: { siteId, cap: 50, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-20T00:00:00Z' } }],
    addConsentVersion: [
      'POST',
      `${at.studies}/consent-versions`,
      { body: { version: code, siteId, language: 'en', approvedAt: '2026-01-20T00:00:00Z', effectiveAt: '2026-01-21T00:00:00Z', documentSha256: DOCUMENT } },
    ],
    addInvestigator: ['POST', `${at.studies}/investigators`, { body: { userId: code, name: 'Dr. Wu', email: 'wu@site.example', siteId, role: 'sub' } }],
    addContact: ['POST', `${at.studies}/contacts`, { body: { userId: code, name: 'Mo', email: 'mo@cro.example', role: 'monitor' } }],
    addDelegation: ['POST', `${at.studies}/delegations`, { body: { userId: code, siteId, tasks: ['consent'], from: '2026-02-01T00:00:00Z' } }],
    endDelegation: ['POST', `${at.studies}/delegations/${delegationId}/end`, {}],
    getEnrollmentSummary: ['GET', `${at.studies}/enrollment-summary`],
    getConsortDiagram: ['GET', `${at.studies}/consort.svg`],
    logScreeningRefusal: ['POST', `${at.studies}/screening-log`, { body: { siteId, reason: 'other', at: '2026-03-01T00:00:00Z' } }],
    listScreeningLog: ['GET', `${at.studies}/screening-log?siteId=${siteId}`],
    createEnrollment: ['POST', '/enrollments', { body: enrollmentBody(trial, patientId) }],
    listEnrollments: ['GET', '/enrollments'],
    getEnrollment: ['GET', at.enrollments],
    getEnrollmentTimeline: ['GET', `${at.enrollments}/timeline`],
    recordReconsent: ['POST', `${at.enrollments}/consents`, { body: { consent: signedConsent() } }],
    recordScreeningResults: ['POST', `${at.enrollments}/screening-results`, { body: { results: [{ item: 'AGE', value: 40, performedAt: '2026-03-01T00:00:00Z' }] } }],
    listScreeningResults: ['GET', `${at.enrollments}/screening-results`],
    decideEligibility: ['POST', `${at.enrollments}/eligibility-decision`, { body: { decision: 'eligible', signature: { meaning: 'I confirm eligibility' } } }],
    invalidateEligibility: ['POST', `${at.enrollments}/eligibility-decision/invalidation`, { body: { reason: 'wrong sample' } }],
    getEligibility: ['GET', `${at.enrollments}/eligibility-decision`],
    requestRandomisation: ['POST', `${at.enrollments}/randomisation`, { body: { strata: { sex: 'female' }, confirmedBy: 'doctor-1' } }],
    withdrawParticipant: ['POST', `${at.enrollments}/withdrawal`, { body: { scope: 'samples', decidedBy: 'participant' } }],
    resolveEnrollment: ['POST', `${at.enrollments}/resolve`, { body: { action: 'retry', reason: 'mailbox mended' } }],
    listDeviations: ['GET', `${at.enrollments}/deviations`],
    getRandomisationList: ['GET', `${at.studies}/randomisation-list`],
    getTreatmentAssignment: ['GET', `${at.enrollments}/treatment-assignment`],
    breakCode: ['POST', `${at.enrollments}/code-break`, { body: { reason: 'overdose' } }],
    requestUnblinding: ['POST', `${at.studies}/unblindings`, { body: { scope: 'subject', enrollmentId, reason: 'safety board' } }],
    approveUnblinding: ['POST', `${at.studies}/unblindings/${unblindingId}/approve`, { body: {} }],
    listUnblindings: ['GET', `${at.studies}/unblindings`],
    correctBaseline: ['POST', `${at.enrollments}/randomisation/baseline-correction`, { body: { strata: { sex: 'male' }, reason: 'misread' } }],
    listStuck: ['GET', '/ops/stuck'],
    showRun: ['GET', `/ops/runs/${enrollmentId}`],
    listQueues: ['GET', '/ops/queues'],
    diagnose: ['GET', '/ops/doctor'],
    retryRun: ['POST', `/ops/runs/${enrollmentId}/retry`, { body: { reason: 'mended' } }],
    startBulkRetry: ['POST', '/ops/retries', { body: { query: 'StuckStep = "casebook"', reason: 'mended' } }],
    getBulkRetry: ['GET', `/ops/retries/${enrollmentId}`],
    stopBulkRetry: ['POST', `/ops/retries/${enrollmentId}/stop`, { body: { reason: 'not mended' } }],
    controlActivity: ['POST', `/ops/runs/${enrollmentId}/activities/openCasebook`, { body: { action: 'pause', reason: 'maintenance' } }],
    resetRun: ['POST', `/ops/runs/${enrollmentId}/reset`, { body: { reason: 'timer did not fire' } }],
    unpauseRun: ['POST', `/ops/runs/${enrollmentId}/unpause`, { body: { reason: 'asked who paused it' } }],
    decodePayloads: ['POST', '/codec/decode', { body: { payloads: [payload] } }],
    logDeviation: ['POST', `${at.enrollments}/deviations`, { body: { category: 'visit_window', severity: 'minor', description: 'Late' } }],
  };
  return requests[operation];
}

const person = (within: boolean): Partial<AuthenticatedUser> =>
  within
    ? { sites: [HOME], studies: [trial.studyCode], patientId: ids.patientId }
    : { sites: [OTHER], studies: ['NO-SUCH'], patientId: uuidv7() };

/** Sites and studies as such belong to no one site: `site` callers of elsewhere see them empty, not absent. */
const NEVER_OUT_OF_REACH: readonly OperationId[] = ['listStudies', 'listEnrollments', 'searchPatients', 'getEnrollmentSummary', 'getConsortDiagram', 'decodePayloads'];

/** The same request as a path of openapi.json would have it. */
function routeOf([method, path]: Request): string | undefined {
  const asked = (path.startsWith('/codec/') ? path : `/api/v1${path}`).split('?')[0]!;
  const fits = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(asked);
  // A path without parameters comes before one with.
  const matching = ROUTES.filter((route) => route.method === method && fits(route.path));
  return matching.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0]?.operation;
}

describe('the policy table', () => {
  test('has a row for every route and a route for every row', () => {
    expect(ROUTES.map(({ operation }) => operation).toSorted()).toEqual(OPERATIONS.filter((name) => !ROWS_WITHOUT_ROUTE.includes(name)).toSorted());
  });

  test.each(ROUTES)('has a request in this matrix for $method $path', ({ operation }) => {
    expect(OPERATIONS).toContain(operation);
    expect(routeOf(requestOf(operation as OperationId))).toBe(operation);
  });

  test('covers every route that the app itself has', () => {
    const own = api.app.routes.filter(({ method, path }) => method !== 'ALL' && /^\/(api|codec)\//.test(path)).map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(own)].toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  test('denies an operation that has no row', () => {
    expect(accessOf(undefined, 'admin')).toBe('403');
    expect(accessOf('toString', 'admin')).toBe('403');
  });

  test.each(OPERATIONS)('is what happens: %s', async (operation) => {
    const seen: Partial<Record<Role, number>> = {};
    const expected: Partial<Record<Role, unknown>> = {};
    for (const role of ROLES) {
      const access = accessOf(operation, role);
      const [method, path, ask] = requestOf(operation);
      const { status } = await api.as(role, person(true))(method, path, ask);
      seen[role] = status;
      expected[role] = access === '403' || access === '404' ? Number(access) : expect.toSatisfy((at: number) => at < 500 && ![400, 401, 403, 404].includes(at));
    }
    expect(seen).toEqual(expected);
  });

  test.each(OPERATIONS)('lets nobody see what belongs elsewhere: %s', async (operation) => {
    const [method, path, ask] = requestOf(operation);
    for (const role of ROLES) {
      const access = accessOf(operation, role);
      if (access === 'any' || access === '403') continue;
      const { status, body, text } = await api.as(role, person(false))(method, path, ask);
      if (access !== '404' && NEVER_OUT_OF_REACH.includes(operation) && status === 200) {
        if (operation === 'decodePayloads') expect(JSON.parse(text), role).toEqual({ payloads: [payload] });
        expect(body.items ?? [], role).toEqual(operation === 'listStudies' && access === 'site' ? expect.anything() : []);
        if (body.total !== undefined) expect(body.total, role).toBe(0);
        if (operation === 'getConsortDiagram') expect(text, role).toContain('Assessed for eligibility: 0.');
      } else {
        expect(status, `${role}: ${text}`).toBe(404);
      }
    }
  });

  test('answers an absent thing and one of elsewhere alike', async () => {
    const stranger = api.as('coordinator', { sites: [OTHER] });
    const [elsewhere, absent] = [await stranger('GET', `/patients/${ids.patientId}`), await stranger('GET', `/patients/${uuidv7()}`)];
    const { traceId: _one, ...first } = elsewhere.body;
    const { traceId: _two, ...second } = absent.body;
    expect(first).toEqual(second);
  });

  test('shows a person only the sites that the caller knows of', async () => {
    const body = newPerson(trial.siteId);
    const first = await trial.coordinator('POST', '/patients', { body });
    const other = api.as('coordinator', { sites: [OTHER] });
    const second = await other('POST', '/patients', { body: { ...body, siteId: trial.otherSiteId } });
    expect(second.status).toBe(200);
    expect(second.body).toEqual({ patientInfo: { id: first.body.patientInfo.id } });
    const seen = await other('GET', `/patients/${first.body.patientInfo.id}`);
    expect(seen.body.patientInfo.siteIds).toEqual([trial.otherSiteId]);
  });

  test('finds nobody of another site by search', async () => {
    const body = newPerson(trial.siteId);
    await trial.coordinator('POST', '/patients', { body });
    const search = { body: { identifier: body.identifiers[0] } };
    expect((await trial.coordinator('POST', '/patients/search', search)).body.items).toHaveLength(1);
    expect((await api.as('coordinator', { sites: [OTHER] })('POST', '/patients/search', search)).body.items).toEqual([]);
  });

  test('reveals to the privacy officer, audited, and masks for everybody else', async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const masked = await trial.coordinator('GET', `/patients/${patientId}`);
    expect(masked.body.patientInfo.mobile).toBe('138****1234');
    const revealed = await api.as('privacy-officer')('GET', `/patients/${patientId}?reveal=true`, { headers: { 'X-Reason': '%E6%8A%95%E8%AF%89' } });
    expect(revealed.body.patientInfo.mobile).toBe('13812341234');
    const audit = await auditOf(api.database.sql, 'patient', api.database.sql`action = 'R' and entity_id = ${patientId}`);
    expect(audit.map((row) => row.reason)).toEqual(['投诉']);
  });
});
