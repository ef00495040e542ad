import { setTimeout as delay } from 'node:timers/promises';
import type { DevIssuer } from '../../api/auth/dev-issuer.ts';
import { type DemoPerson, demoPersons } from './persons.ts';
import { type Rest, restClient, RestError } from './rest.ts';
import { activate, consentBody, DEMO, setUpStudy, type DemoStudy } from './study.ts';

type At = { url: string; issuer: DevIssuer };
type Enrollment = { enrollmentId: string; outcome?: string; needsAttention: boolean };

/** No study yet: nobody has used this installation. */
export async function isEmpty({ url, issuer }: At): Promise<boolean> {
  const { items } = await asRole({ url, issuer }, 'admin').then((rest) => rest.get<{ items: unknown[] }>('/studies?limit=1'));
  return items.length === 0;
}

/**
 * Enrols eight persons through the REST API, as a site would: one study, three sites. Two persons race for the last
 * slot of one site; the mailbox of another site's study doctor refuses mail. Answers a line of what came out.
 */
export async function enrolCohort(at: At): Promise<string> {
  const [admin, clinician] = await Promise.all([asRole(at, 'admin'), asRole(at, 'clinician')]);
  const study = await setUpStudy(admin);
  const persons = demoPersons();
  const enrolled: string[] = [];
  const enrol = async (person: DemoPerson, site: keyof DemoStudy['sites']) => {
    enrolled.push(await post(clinician, { study, person, site }));
  };

  await enrol(persons.shift()!, 'refusingMailbox');
  await raceForLastSlot({ admin, study, persons, enrol });
  await Promise.all(persons.map((person) => enrol(person, 'roomy')));

  const settled = await Promise.all(enrolled.map((id) => settle(clinician, id)));
  const counts = new Map<string, number>();
  for (const result of settled) counts.set(result, (counts.get(result) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([result, count]) => `${count} ${result}`).join(', ');
}

/**
 * Two at once for one slot: both are admitted, one of them finds the cap reached. Who is refused at the door instead
 * (the other was faster than the look at the cap) races again for one slot more, until somebody loses inside.
 */
async function raceForLastSlot(race: {
  admin: Rest;
  study: DemoStudy;
  persons: DemoPerson[];
  enrol: (person: DemoPerson, site: 'full') => Promise<void>;
}): Promise<void> {
  const contenders = race.persons.splice(0, 2);
  for (let cap = 1; contenders.length > 0 && cap <= 6; cap += 1) {
    if (cap > 1) {
      await activate(race.admin, race.study, { site: 'full', cap });
      contenders.push(...race.persons.splice(0, 1));
    }
    const racing = contenders.splice(0);
    const results = await Promise.allSettled(racing.map((person) => race.enrol(person, 'full')));
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') return;
      if (!(result.reason instanceof RestError) || result.reason.code !== 'cap_reached') throw result.reason;
      contenders.push(racing[index]!);
    });
  }
}

async function post(clinician: Rest, enrolling: { study: DemoStudy; person: DemoPerson; site: keyof DemoStudy['sites'] }): Promise<string> {
  const { study, person, site } = enrolling;
  const siteId = study.sites[site];
  const key = `demo-${person.idCard.slice(-4)}`;
  const { patientInfo } = await clinician.post<{ patientInfo: { id: string } }>('/patients', { ...person, siteId }, `${key}-patient`);
  const { enrollmentId } = await clinician.post<Enrollment>(
    '/enrollments',
    { patientId: patientInfo.id, studyId: study.studyId, siteId, rescreenOf: null, capacity: 'full', canRead: true, consent: consentBody(person, site) },
    `${key}-enrollment-${Date.now()}`,
  );
  return enrollmentId;
}

/** Waits until an enrollment has ended or needs an operator; bounded. */
async function settle(rest: Rest, enrollmentId: string): Promise<string> {
  for (let look = 0; look < 300; look += 1) {
    const enrollment = await rest.get<Enrollment>(`/enrollments/${enrollmentId}`);
    if (enrollment.needsAttention) return 'parked';
    if (enrollment.outcome) return enrollment.outcome;
    await delay(100);
  }
  return 'still running';
}

async function asRole({ url, issuer }: At, role: 'admin' | 'clinician'): Promise<Rest> {
  const sites = role === 'clinician' ? Object.values(DEMO.siteCodes) : [];
  return restClient({ url, token: await issuer.sign({ id: `demo-${role}`, name: `Demo ${role}`, role, sites, studies: [] }) });
}
