import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Role } from '../../services/common/index.ts';
import type { TestSystem } from './system.ts';

export type Answer<T = Record<string, unknown>> = { status: number; body: T; headers: Headers };
export type EnrollmentBody = {
  enrollmentId: string;
  stage: string;
  status: string;
  outcome?: string;
  needsAttention: boolean;
  stuckStep?: string;
  subjectNumber?: string;
  awaiting?: { what: string; who: string; until: string | null };
  code?: string;
  [more: string]: unknown;
};

/** Where the REST API answers, and who signs its tokens: a system in this process or in another one. */
export type Reachable = Pick<TestSystem, 'url' | 'issuer'>;

const SINCE = '2026-01-15T00:00:00Z';
const DOCUMENT = createHash('sha256').update('consent form').digest('hex');

/** Unique within a run, so that scenarios on one system don't meet. */
let serial = 0;

/** A direct study with one site, its study doctor and coordinator, set up through REST, and the way to act on it. */
export async function directStudy(at: Reachable, options: { cap?: number; doctorEmail?: string; protocol?: Record<string, unknown> } = {}) {
  serial += 1;
  const study = `ST-${serial}`;
  const site = `SITE-${serial}`;
  const admin = await caller(at, 'admin');
  const clinician = await caller(at, 'clinician', { sites: [site] });
  const ops = await caller(at, 'ops');
  const doctor = await caller(at, 'investigator', { sites: [site], id: 'doctor-1' });
  const siteId = String((await ok(admin.post('/sites', { code: site, name: 'Hospital', timezone: 'Asia/Shanghai' })))['id']);
  const studyId = String((await ok(admin.post('/studies', { code: study, title: 'A direct study' })))['id']);
  const protocol = { ...DIRECT_PROTOCOL, ...options.protocol };
  await ok(admin.post(`/studies/${studyId}/protocol-versions`, protocol));
  const activate = (cap: number) => ok(admin.post(`/studies/${studyId}/sites`, { siteId, cap, protocolVersion: protocol.version, ethicsApprovedAt: SINCE }));
  await activate(options.cap ?? 100);
  await ok(admin.post(`/studies/${studyId}/consent-versions`, { version: '1.0', siteId, language: 'zh-CN', approvedAt: SINCE, effectiveAt: SINCE, documentSha256: DOCUMENT }));
  const setDoctor = (email: string) => ok(admin.post(`/studies/${studyId}/investigators`, { userId: 'doctor-1', name: 'Doctor One', email, siteId, role: 'principal' }));
  await setDoctor(options.doctorEmail ?? 'doctor@hospital.example');
  await ok(admin.post(`/studies/${studyId}/contacts`, { userId: 'coordinator-1', name: 'Coordinator', email: 'coordinator@hospital.example', siteId, role: 'coordinator' }));

  const register = async () => {
    const answer = await ok(clinician.post('/patients', { name: 'Test Person', identifiers: [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }], siteId }));
    return String((answer['patientInfo'] as Record<string, unknown>)['id']);
  };
  const body = (patientId: string, consent: Record<string, unknown> = {}) => ({
    patientId, studyId, siteId, rescreenOf: null, capacity: 'full', canRead: true, consent: { ...signedConsent(), ...consent },
  });
  return {
    studyId, siteId, studyCode: study, siteCode: site, admin, clinician, ops, doctor, activate, setDoctor, register, body,
    /** Values that meet the criteria of SCREENED_PROTOCOL, unless others are given. */
    screen: (enrollmentId: string, values: Record<string, unknown> = ELIGIBLE, key?: string) =>
      clinician.post<Screened>(`/enrollments/${enrollmentId}/screening-results`, { results: resultsOf(values) }, key),
    decide: (enrollmentId: string, decision: 'eligible' | 'not_eligible' = 'eligible', how: { by?: Caller; key?: string; sha256?: string; reason?: string; meaning?: string } = {}) =>
      (how.by ?? doctor).post(
        `/enrollments/${enrollmentId}/eligibility-decision`,
        {
          decision,
          ...(how.reason === undefined ? {} : { reason: how.reason }),
          signature: { meaning: how.meaning ?? 'I have reviewed the criteria', ...(how.sha256 ? { sha256: how.sha256 } : {}) },
        },
        how.key,
      ),
    invalidate: (enrollmentId: string, key?: string) =>
      doctor.post(`/enrollments/${enrollmentId}/eligibility-decision/invalidation`, { reason: 'a sample was mixed up' }, key),
    randomise: (enrollmentId: string, how: { strata?: Record<string, string>; key?: string } = {}) =>
      clinician.post<Randomised>(`/enrollments/${enrollmentId}/randomisation`, { strata: how.strata ?? { sex: 'female' }, confirmedBy: 'doctor-1' }, how.key),
    /** A new version of the consent form at the site, in force from now on. */
    amend: (version: string, more: Record<string, unknown> = {}) => {
      const now = new Date(Date.now() - 1).toISOString();
      return ok(admin.post(`/studies/${studyId}/consent-versions`, { version, siteId, language: 'zh-CN', approvedAt: now, effectiveAt: now, documentSha256: DOCUMENT, ...more }));
    },
    reConsent: (enrollmentId: string, consent: Record<string, unknown> = {}, key?: string) =>
      clinician.post(`/enrollments/${enrollmentId}/consents`, { consent: { ...signedConsent(new Date()), ...consent } }, key),
    enrol: async (patientId: string, key?: string) => clinician.post<EnrollmentBody>('/enrollments', body(patientId), key),
    get: (enrollmentId: string) => clinician.get<EnrollmentBody>(`/enrollments/${enrollmentId}`),
    resolve: (enrollmentId: string, action: 'retry' | 'skip' | 'abort', key?: string) =>
      ops.post<EnrollmentBody>(`/enrollments/${enrollmentId}/resolve`, { action, reason: 'test' }, key),
    withdraw: (enrollmentId: string, scope = 'interventions', key?: string) =>
      clinician.post<EnrollmentBody>(`/enrollments/${enrollmentId}/withdrawal`, { scope, decidedBy: 'participant', reason: 'no longer wishes to' }, key),
    /** Waits until the enrollment is as wanted; bounded, and says how it stands when it doesn't come to that. */
    until: (enrollmentId: string, wanted: (body: EnrollmentBody) => boolean, withinMs = 15_000) => until(clinician, enrollmentId, wanted, withinMs),
  };
}

export type DirectStudy = Awaited<ReturnType<typeof directStudy>>;

export const DIRECT_PROTOCOL = {
  version: '1.0',
  effectiveAt: SINCE,
  consentRule: 'CN',
  criteria: [],
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] }],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:4}',
};

/** With screening, two criteria and a signature. */
export const SCREENED_PROTOCOL = {
  ...DIRECT_PROTOCOL,
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30, unit: 'mL/min/1.73m2' },
  ],
  eligibilitySignature: { reminder: 'P2D', expiry: 'P7D' },
};

/** The same with two arms, stratified by sex and site, randomised on the site's request. */
export const RANDOMISED_PROTOCOL = {
  ...SCREENED_PROTOCOL,
  randomisation: { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], strata: [{ code: 'sex', levels: ['female', 'male'] }], blockSizes: [4, 6], bySite: true },
};

export const ELIGIBLE = { AGE: 44, EGFR: 88 };
export type Randomised = { enrollmentId: string; randomisedAt: string; code?: string };
export type Screened = { enrollmentId: string; recorded: number; missing: string[]; verdict: string; failed: string[]; code?: string };

/** Results in their units, performed now. */
export function resultsOf(values: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const performedAt = new Date(Date.now() - 1000).toISOString();
  return Object.entries(values).map(([item, value]) => ({ item, value, ...(item === 'EGFR' ? { unit: 'mL/min/1.73m2' } : {}), performedAt, ...more }));
}

export function signedConsent(signedAt = new Date(Date.now() - 600_000)): Record<string, unknown> {
  const at = signedAt.toISOString();
  return {
    version: '1.0', language: 'zh-CN', method: 'paper', documentSha256: DOCUMENT,
    signers: [
      { role: 'participant', name: 'Test Person', signedAt: at, mark: 'signature' },
      { role: 'discusser', userId: 'doctor-1', name: 'Doctor One', signedAt: at, mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at, how: 'paper' },
  };
}

/** Calls the REST API as somebody with this role. */
export async function caller(at: Reachable, role: Role, options: { sites?: string[]; studies?: string[]; id?: string; headers?: Record<string, string> } = {}) {
  const id = options.id ?? `${role}-1`;
  const send = async <T>(path: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }): Promise<Answer<T>> => {
    // Anew for each request: whoever signs has authenticated just now.
    const token = await at.issuer.sign({ id, name: id, role, sites: options.sites ?? [], studies: options.studies ?? [] });
    const response = await fetch(`${at.url}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...options.headers, ...init.headers },
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, body: (await response.json()) as T, headers: response.headers };
  };
  return {
    get: <T = Record<string, unknown>>(path: string) => send<T>(path, {}),
    post: <T = Record<string, unknown>>(path: string, body: unknown, key: string = randomUUID()) =>
      send<T>(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'idempotency-key': key } }),
  };
}

export type Caller = Awaited<ReturnType<typeof caller>>;

async function ok(call: Promise<Answer>): Promise<Record<string, unknown>> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`setting up the scenario: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function until(who: Caller, enrollmentId: string, wanted: (body: EnrollmentBody) => boolean, withinMs: number): Promise<EnrollmentBody> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const { body } = await who.get<EnrollmentBody>(`/enrollments/${enrollmentId}`);
    if (wanted(body)) return body;
    if (Date.now() > deadline) throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(body)}`);
    await delay(30);
  }
}
