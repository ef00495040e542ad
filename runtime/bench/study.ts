import { createHash, randomUUID } from 'node:crypto';
import { restClient } from '../demo/rest.ts';
import type { BenchSystem } from './system.ts';

const SINCE = '2026-01-15T00:00:00Z';
const CONSENT = { version: '1.0', language: 'zh-CN', documentSha256: createHash('sha256').update('bench consent form').digest('hex') };
const CODES = { study: 'BENCH-1', site: 'BENCH-SITE' } as const;
const PROTOCOL = {
  version: '1.0',
  effectiveAt: SINCE,
  consentRule: 'CN',
  criteria: [],
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] }],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:6}',
};

export type BenchStudy = {
  studyId: string;
  siteId: string;
  codes: typeof CODES;
  /** A token of a clinician who has authenticated just now, as signing needs. */
  clinicianToken(): Promise<string>;
  /** Registers so many new persons; answers their ids. */
  register(count: number): Promise<string[]>;
  /** Body of a POST /enrollments for this person. */
  body(patientId: string): ReturnType<typeof enrollmentBody>;
};

/** A direct study with one roomy site, its doctor and coordinator, set up through REST. */
export async function setUpBenchStudy(at: BenchSystem): Promise<BenchStudy> {
  const { url } = at.system;
  const admin = restClient({ url, token: await at.token({ role: 'admin' }) });
  const post = (path: string, body: unknown) => admin.post<{ id: string }>(path, body, randomUUID());
  const { id: siteId } = await post('/sites', { code: CODES.site, name: 'Hospital', timezone: 'Asia/Shanghai' });
  const { id: studyId } = await post('/studies', { code: CODES.study, title: 'Bench' });
  const study = `/studies/${studyId}`;
  await post(`${study}/protocol-versions`, PROTOCOL);
  await post(`${study}/sites`, { siteId, cap: 100_000, protocolVersion: PROTOCOL.version, ethicsApprovedAt: SINCE });
  await post(`${study}/consent-versions`, { ...CONSENT, siteId, approvedAt: SINCE, effectiveAt: SINCE });
  await post(`${study}/investigators`, { userId: 'doctor-1', name: 'Doctor', email: 'doctor@hospital.example', siteId, role: 'principal' });
  await post(`${study}/contacts`, { userId: 'coordinator-1', name: 'Coordinator', email: 'coordinator@hospital.example', siteId, role: 'coordinator' });
  const clinicianToken = () => at.token({ role: 'clinician', sites: [CODES.site] });
  const registerOne = async (clinician: ReturnType<typeof restClient>) => {
    const identifiers = [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }];
    const { patientInfo } = await clinician.post<{ patientInfo: { id: string } }>('/patients', { name: 'Test Person', identifiers, siteId }, randomUUID());
    return patientInfo.id;
  };
  return {
    studyId,
    siteId,
    codes: CODES,
    clinicianToken,
    register: async (count) => {
      const ids: string[] = [];
      const clinician = restClient({ url, token: await clinicianToken() });
      while (ids.length < count) ids.push(...(await Promise.all(Array.from({ length: Math.min(10, count - ids.length) }, () => registerOne(clinician)))));
      return ids;
    },
    body: (patientId) => enrollmentBody({ patientId, studyId, siteId }),
  };
}

function enrollmentBody(about: { patientId: string; studyId: string; siteId: string }) {
  const at = new Date(Date.now() - 600_000).toISOString();
  return {
    ...about,
    rescreenOf: null,
    capacity: 'full' as const,
    canRead: true,
    consent: {
      ...CONSENT,
      method: 'paper' as const,
      signers: [
        { role: 'participant' as const, name: 'Test Person', signedAt: at, mark: 'signature' as const },
        { role: 'discusser' as const, userId: 'doctor-1', name: 'Doctor', signedAt: at, mark: 'signature' as const },
      ],
      decisions: { participation: true, futureResearch: false },
      copyGiven: { at, how: 'paper' as const },
    },
  };
}
