import { createHash } from 'node:crypto';
import type { DemoPerson } from './persons.ts';
import { SINCE, STUDY } from './protocols.ts';
import type { Rest } from './rest.ts';

/** Codes of the three sites of the demonstration. */
export const DEMO = {
  siteCodes: { roomy: 'BJ-01', full: 'SH-02', refusingMailbox: 'GZ-03' },
} as const;

export type SiteKey = keyof typeof DEMO.siteCodes;
export type DemoSites = Record<SiteKey, string>;
export type DemoStudy = { studyId: string; sites: DemoSites; doctors: Record<SiteKey, string> };

const SITE_NAMES: Record<SiteKey, string> = {
  roomy: 'Beijing Demonstration Hospital',
  full: 'Shanghai Demonstration Hospital',
  refusingMailbox: 'Guangzhou Demonstration Hospital',
};
const CAPS: Record<SiteKey, number> = { roomy: 20, full: 2, refusingMailbox: 5 };
/** Whom the whole study has. */
const CENTRAL = ['sponsor', 'monitor', 'medical-monitor', 'pharmacist', 'privacy-officer'] as const;
const CONSENT = { version: '1.0', language: 'zh-CN', documentSha256: createHash('sha256').update('demonstration consent form').digest('hex') };

/** The three sites of the demonstration. */
export async function createSites(admin: Rest): Promise<DemoSites> {
  const keys = Object.keys(DEMO.siteCodes) as SiteKey[];
  const ids = await Promise.all(keys.map((key) => createSite(admin, key)));
  return Object.fromEntries(keys.map((key, at) => [key, ids[at]])) as DemoSites;
}

/** Sets up the study at all sites as an administrator would. */
export async function setUpStudy(admin: Rest, sites: DemoSites): Promise<DemoStudy> {
  const { code, title, protocol } = STUDY;
  const { id: studyId } = await admin.post<{ id: string }>('/studies', { code, title, sponsor: 'Demonstration Sponsor' }, 'demo-study');
  await admin.post(`/studies/${studyId}/protocol-versions`, protocol, 'demo-protocol');
  const keys = Object.keys(sites) as SiteKey[];
  const study = { studyId, sites, doctors: Object.fromEntries(keys.map((key) => [key, doctorOf(key)])) as Record<SiteKey, string> };
  await Promise.all(keys.map((site) => staffSite(admin, study, site)));
  await Promise.all(CENTRAL.map((role) => admin.post(`/studies/${studyId}/contacts`, { userId: `${role}-1`, name: `Demo ${role}`, email: `${role}@sponsor.example`, role }, `demo-contact-${role}`)));
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
  await admin.post(`${at}/sites`, { siteId, cap: CAPS[key], protocolVersion: STUDY.protocol.version, ethicsApprovedAt: SINCE }, `demo-activation-${key}`);
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

/** A new version of the consent form comes into force at a site. */
export async function amendConsent(admin: Rest, study: DemoStudy, { site, version }: { site: SiteKey; version: string }): Promise<void> {
  const now = new Date().toISOString();
  await admin.post(
    `/studies/${study.studyId}/consent-versions`,
    { ...CONSENT, version, siteId: study.sites[site], approvedAt: now, effectiveAt: now, concerns: 'everybody who takes part' },
    `demo-amendment-${site}`,
  );
}

/** A consent on paper: signed ten minutes ago, unless told otherwise. */
export function consentBody(person: DemoPerson, site: SiteKey, { version = CONSENT.version, signedMsAgo = 600_000 }: { version?: string; signedMsAgo?: number } = {}): unknown {
  const at = new Date(Date.now() - signedMsAgo).toISOString();
  return {
    ...CONSENT,
    version,
    method: 'paper',
    signers: [
      { role: 'participant', name: person.name, signedAt: at, mark: 'signature' },
      { role: 'discusser', userId: doctorOf(site), name: `Doctor at ${DEMO.siteCodes[site]}`, signedAt: at, mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at, how: 'paper' },
  };
}

/** User id of a site's principal investigator. */
export function doctorOf(site: SiteKey): string {
  return `doctor-${DEMO.siteCodes[site].toLowerCase()}`;
}
