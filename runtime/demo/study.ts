import { createHash } from 'node:crypto';
import type { DemoPerson } from './persons.ts';
import type { Rest } from './rest.ts';

/** Codes of the demonstration: a non-interventional study with three sites. */
export const DEMO = {
  studyCode: 'OBS-101',
  siteCodes: { roomy: 'BJ-01', full: 'SH-02', refusingMailbox: 'GZ-03' },
} as const;

type SiteKey = keyof typeof DEMO.siteCodes;
export type DemoStudy = { studyId: string; sites: Record<SiteKey, string> };

const SITE_NAMES: Record<SiteKey, string> = {
  roomy: 'Beijing Demonstration Hospital',
  full: 'Shanghai Demonstration Hospital',
  refusingMailbox: 'Guangzhou Demonstration Hospital',
};
const CAPS: Record<SiteKey, number> = { roomy: 20, full: 1, refusingMailbox: 5 };
const SINCE = '2026-01-15T00:00:00Z';
const CONSENT = { version: '1.0', language: 'zh-CN', documentSha256: createHash('sha256').update('demonstration consent form').digest('hex') };

const PROTOCOL = {
  version: '1.0',
  effectiveAt: SINCE,
  consentRule: 'CN',
  criteria: [],
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'enrollment', offset: 'P28D', window: 'P7D', forms: ['VS', 'AE'] },
  ],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:4}',
};

/** Sets up the study as an administrator would. */
export async function setUpStudy(admin: Rest): Promise<DemoStudy> {
  const { id: studyId } = await admin.post<{ id: string }>(
    '/studies',
    { code: DEMO.studyCode, title: 'Observation of blood pressure in daily life', sponsor: 'Demonstration Sponsor' },
    'demo-study',
  );
  await admin.post(`/studies/${studyId}/protocol-versions`, PROTOCOL, 'demo-protocol');
  const keys = Object.keys(DEMO.siteCodes) as SiteKey[];
  const ids = await Promise.all(keys.map((key) => createSite(admin, key)));
  const study = { studyId, sites: Object.fromEntries(keys.map((key, at) => [key, ids[at]])) as Record<SiteKey, string> };
  await Promise.all(keys.map((key) => staffSite(admin, study, key)));
  await admin.post(
    `/studies/${studyId}/contacts`,
    { userId: 'sponsor-1', name: 'Demo sponsor', email: 'sponsor@sponsor.example', role: 'sponsor' },
    'demo-contact-sponsor',
  );
  return study;
}

async function createSite(admin: Rest, key: SiteKey): Promise<string> {
  const site = { code: DEMO.siteCodes[key], name: SITE_NAMES[key], timezone: 'Asia/Shanghai' };
  return (await admin.post<{ id: string }>('/sites', site, `demo-site-${key}`)).id;
}

async function staffSite(admin: Rest, study: DemoStudy, key: SiteKey): Promise<void> {
  const at = `/studies/${study.studyId}`;
  const siteId = study.sites[key];
  const doctorAt = key === 'refusingMailbox' ? 'mailbox-full.example' : 'hospital.example';
  await activate(admin, study, { site: key, cap: CAPS[key] });
  await admin.post(`${at}/consent-versions`, { ...CONSENT, siteId, approvedAt: SINCE, effectiveAt: SINCE }, `demo-consent-${key}`);
  await admin.post(
    `${at}/investigators`,
    { userId: doctorOf(key), name: `Doctor at ${DEMO.siteCodes[key]}`, email: `${doctorOf(key)}@${doctorAt}`, siteId, role: 'principal' },
    `demo-investigator-${key}`,
  );
  await admin.post(
    `${at}/contacts`,
    { userId: `coordinator-${key}`, name: 'Demo coordinator', email: `coordinator-${key}@hospital.example`, siteId, role: 'coordinator' },
    `demo-contact-${key}`,
  );
}

/** Activates a site, or changes its cap. */
export async function activate(admin: Rest, study: DemoStudy, activation: { site: SiteKey; cap: number }): Promise<void> {
  const { site, cap } = activation;
  await admin.post(
    `/studies/${study.studyId}/sites`,
    { siteId: study.sites[site], cap, protocolVersion: PROTOCOL.version, ethicsApprovedAt: SINCE },
    `demo-activation-${site}-${cap}`,
  );
}

/** A consent on paper, signed a few minutes ago. */
export function consentBody(person: DemoPerson, site: SiteKey): unknown {
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
  return {
    ...CONSENT,
    method: 'paper',
    signers: [
      { role: 'participant', name: person.name, signedAt: at(10), mark: 'signature' },
      { role: 'discusser', userId: doctorOf(site), name: `Doctor at ${DEMO.siteCodes[site]}`, signedAt: at(9), mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at: at(8), how: 'paper' },
  };
}

function doctorOf(site: SiteKey): string {
  return `doctor-${DEMO.siteCodes[site].toLowerCase()}`;
}
