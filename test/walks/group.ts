import { randomUUID } from 'node:crypto';
import { caller, type Caller, directStudy, type DirectStudy, DIRECT_PROTOCOL, RANDOMISED_PROTOCOL, SCREENED_PROTOCOL, signedConsent } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';
import type { ProtocolName } from './actions.ts';
import { insist } from './requests.ts';
import type { Rules } from './state.ts';
import type { Workers } from './workers.ts';

export const HASTY_MS = { signature: 3000, reconsent: 3000 };

const { eligibilitySignature: _, ...UNSIGNED } = SCREENED_PROTOCOL;
/** Enough re-screenings that most walks never use them up; one that does is refused, which is legal, too. */
const MANY = { screening: { windowDays: 28, maxRescreens: 5 } };
const OF: Record<ProtocolName, { protocol: Record<string, unknown>; rules: Partial<Rules> }> = {
  direct: { protocol: DIRECT_PROTOCOL, rules: { screens: false, signs: false } },
  screened: { protocol: { ...UNSIGNED, ...MANY }, rules: { signs: false } },
  signed: { protocol: { ...SCREENED_PROTOCOL, ...MANY }, rules: {} },
  short: { protocol: { ...SCREENED_PROTOCOL, ...MANY, slotTimeToLive: 'PT1S' }, rules: { lapses: true } },
  hasty: {
    protocol: { ...SCREENED_PROTOCOL, ...MANY, eligibilitySignature: { reminder: 'PT1S', expiry: 'PT3S' }, reconsentDeadline: 'PT3S' },
    rules: { signatureExpiryMs: HASTY_MS.signature, reconsentMs: HASTY_MS.reconsent },
  },
  randomised: { protocol: { ...RANDOMISED_PROTOCOL, ...MANY }, rules: { randomises: true } },
  fleeting: {
    protocol: { ...RANDOMISED_PROTOCOL, ...MANY, slotTimeToLive: 'PT1S', randomisation: { ...RANDOMISED_PROTOCOL.randomisation, freesCapOnWithdrawal: true } },
    rules: { randomises: true, lapses: true, frees: true },
  },
};

type Amendment = { askedAt: number; answeredAt: number; all: boolean };

/** The people of one study at one site, their protocol, and what is known of the site: it is shared by several walks. */
export type Group = Awaited<ReturnType<typeof openGroup>>;

export async function openGroup(at: TestSystem, { name, cap }: { name: ProtocolName; cap: number | null }) {
  const study: DirectStudy = await directStudy(at, { protocol: OF[name].protocol, cap: cap ?? 1000 });
  const contact = (role: string) => study.admin.post(`/studies/${study.studyId}/contacts`, { userId: `${role}-1`, name: role, email: `${role}@sponsor.example`, role });
  await Promise.all(['sponsor', 'pharmacist'].map(contact));
  const sites = [study.siteCode];
  const emergency = `emergency-${study.studyCode}`;
  const delegation = { userId: emergency, siteId: study.siteId, tasks: ['unblinding'], from: '2026-01-15T00:00:00Z' };
  const studies = [study.studyCode];
  const [coordinator, stranger, sponsor, medicalMonitor, investigator] = await Promise.all([
    caller(at, 'coordinator', { sites, id: 'coordinator-1' }),
    caller(at, 'clinician', { sites: ['ELSEWHERE'], id: 'clinician-9' }),
    caller(at, 'sponsor', { studies, id: 'sponsor-1' }),
    caller(at, 'medical-monitor', { studies, id: 'medical-monitor-1' }),
    // Of this site alone: so many subjects within an hour as one person may unblind.
    caller(at, 'investigator', { sites, id: emergency }),
    study.admin.post(`/studies/${study.studyId}/delegations`, delegation),
  ]);
  const amendments: Amendment[] = [{ askedAt: 0, answeredAt: 0, all: true }];
  let amending: Promise<unknown> = Promise.resolve();
  // Another one for each signing: ten refused ones of the same person lock that person's signing.
  const undelegated: Pick<Caller, 'post'> = { post: async (...request) => (await caller(at, 'investigator', { sites, id: `nobody-${request[2]}` })).post(...request) };
  const people = { undelegated, coordinator, stranger, sponsor, medicalMonitor, emergency: investigator } satisfies Record<string, Pick<Caller, 'post'>>;
  return {
    study,
    people,
    cap,
    rules: { screens: true, signs: true, randomises: false, frees: false, lapses: false, signatureExpiryMs: null, reconsentMs: null, ...OF[name].rules } satisfies Rules,
    versionName: (index: number) => (index < 0 ? '0.9' : `${index + 1}.0`),
    /** One after the other, so that the order of their numbers is that of their effect. */
    amend: (concerns: 'all' | 'new', workers: Workers): Promise<unknown> => {
      const before = amending;
      amending = (async () => {
        await before;
        const entry: Amendment = { askedAt: Date.now() - 2, answeredAt: Number.POSITIVE_INFINITY, all: concerns === 'all' };
        const since = new Date(Date.now() - 1).toISOString();
        const about = { siteId: study.siteId, language: 'zh-CN', documentSha256: signedConsent()['documentSha256'] };
        const body = { ...about, version: `${amendments.push(entry)}.0`, approvedAt: since, effectiveAt: since, appliesTo: concerns };
        const key = randomUUID();
        const answer = await insist(workers, () => study.admin.post(`/studies/${study.studyId}/consent-versions`, body, key));
        if (answer.status !== 201) throw new Error(`the amendment was refused: ${answer.status} ${String(answer.body['code'])}`);
        entry.answeredAt = Date.now();
      })();
      return amending;
    },
    /** In force for certain at that moment, and possibly by now. */
    versionsSince: (moment: number) => ({ certain: amendments.findLastIndex((one) => one.answeredAt < moment || one.askedAt === 0), possible: amendments.length - 1 }),
    concernsAll: (version: number) => amendments[version]?.all ?? true,
  };
}

/** How many places were taken at most at one moment of that time, as their rows say. */
export async function mostTaken({ database: { sql } }: TestSystem, { study }: Group, { from, until }: { from: number; until: number }): Promise<number> {
  const rows = await sql<{ reserved_at: Date; released_at: Date | null }[]>`
    select s.reserved_at, s.released_at from site.slots s join site.activations a on a.id = s.activation_id
    where a.study_id = ${study.studyId} and a.site_id = ${study.siteId}`;
  // A row says when its transaction looked at the clock, not when it was committed.
  const slots = rows.map((row) => ({ begins: row.reserved_at.getTime(), ends: (row.released_at?.getTime() ?? Number.POSITIVE_INFINITY) + 50 }));
  const moments = [from, ...slots.map(({ begins }) => begins).filter((begins) => begins > from && begins <= until)];
  return Math.max(0, ...moments.map((moment) => slots.filter(({ begins, ends }) => begins <= moment && moment < ends).length));
}
