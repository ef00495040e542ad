import { createHash } from 'node:crypto';
import type { DemoPerson } from './persons.ts';
import { SINCE, STUDIES, type StudyKey } from './protocols.ts';
import type { Rest } from './rest.ts';

/** Codes of the three sites of the demonstration. */
export const DEMO = {
  siteCodes: { roomy: 'BJ-01', full: 'SH-02', refusingMailbox: 'GZ-03' },
} as const;

type SiteKey = keyof typeof DEMO.siteCodes;
export type DemoSites = Record<SiteKey, string>;
export type DemoStudy = { key: StudyKey; studyId: string; sites: DemoSites };

const SITE_NAMES: Record<SiteKey, string> = {
  roomy: 'Beijing Demonstration Hospital',
  full: 'Shanghai Demonstration Hospital',
  refusingMailbox: 'Guangzhou Demonstration Hospital',
};
const CAPS: Record<SiteKey, number> = { roomy: 20, full: 1, refusingMailbox: 5 };
const CONSENT = { version: '1.0', language: 'zh-CN', documentSha256: createHash('sha256').update('demonstration consent form').digest('hex') };

/** The three sites of the demonstration. */
export async function createSites(admin: Rest): Promise<DemoSites> {
  const keys = Object.keys(DEMO.siteCodes) as SiteKey[];
  const ids = await Promise.all(keys.map((key) => createSite(admin, key)));
  return Object.fromEntries(keys.map((key, at) => [key, ids[at]])) as DemoSites;
}

/** Sets up a study at all sites as an administrator would. */
export async function setUpStudy(admin: Rest, { key, sites }: { key: StudyKey; sites: DemoSites }): Promise<DemoStudy> {
  const { code, title, protocol } = STUDIES[key];
  const { id: studyId } = await admin.post<{ id: string }>(
    '/studies',
    { code, title, sponsor: 'Demonstration Sponsor' },
    `demo-study-${key}`,
  );
  await admin.post(`/studies/${studyId}/protocol-versions`, protocol, `demo-protocol-${key}`);
  const study = { key, studyId, sites };
  await Promise.all((Object.keys(sites) as SiteKey[]).map((site) => staffSite(admin, study, site)));
  await admin.post(
    `/studies/${studyId}/contacts`,
    { userId: 'sponsor-1', name: 'Demo sponsor', email: 'sponsor@sponsor.example', role: 'sponsor' },
    `demo-contact-sponsor-${key}`,
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
  await admin.post(`${at}/consent-versions`, { ...CONSENT, siteId, approvedAt: SINCE, effectiveAt: SINCE }, `demo-consent-${study.key}-${key}`);
  await admin.post(
    `${at}/investigators`,
    { userId: doctorOf(key), name: `Doctor at ${DEMO.siteCodes[key]}`, email: `${doctorOf(key)}@${doctorAt}`, siteId, role: 'principal' },
    `demo-investigator-${study.key}-${key}`,
  );
  await admin.post(
    `${at}/contacts`,
    { userId: `coordinator-${key}`, name: 'Demo coordinator', email: `coordinator-${key}@hospital.example`, siteId, role: 'coordinator' },
    `demo-contact-${study.key}-${key}`,
  );
}

/** Activates a site, or changes its cap. */
export async function activate(admin: Rest, study: DemoStudy, activation: { site: SiteKey; cap: number }): Promise<void> {
  const { site, cap } = activation;
  await admin.post(
    `/studies/${study.studyId}/sites`,
    { siteId: study.sites[site], cap, protocolVersion: STUDIES[study.key].protocol.version, ethicsApprovedAt: SINCE },
    `demo-activation-${study.key}-${site}-${cap}`,
  );
}

/** A new version of the consent form comes into force at a site. */
export async function amendConsent(admin: Rest, study: DemoStudy, { site, version }: { site: SiteKey; version: string }): Promise<void> {
  const now = new Date().toISOString();
  await admin.post(
    `/studies/${study.studyId}/consent-versions`,
    { ...CONSENT, version, siteId: study.sites[site], approvedAt: now, effectiveAt: now, concerns: 'everybody who takes part' },
    `demo-amendment-${study.key}-${site}`,
  );
}

/** A consent on paper: signed a few minutes ago, or `justNow`. */
export function consentBody(person: DemoPerson, site: SiteKey, { version = CONSENT.version, justNow = false } = {}): unknown {
  const at = (minutesAgo: number) => new Date(Date.now() - (justNow ? 0 : minutesAgo * 60_000)).toISOString();
  return {
    ...CONSENT,
    version,
    method: 'paper',
    signers: [
      { role: 'participant', name: person.name, signedAt: at(10), mark: 'signature' },
      { role: 'discusser', userId: doctorOf(site), name: `Doctor at ${DEMO.siteCodes[site]}`, signedAt: at(9), mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at: at(8), how: 'paper' },
  };
}

/** User id of a site's principal investigator. */
export function doctorOf(site: SiteKey): string {
  return `doctor-${DEMO.siteCodes[site].toLowerCase()}`;
}
