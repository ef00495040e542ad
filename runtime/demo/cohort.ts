import type { DevIssuer } from '../../api/auth/dev-issuer.ts';
import { become, type Enrollment } from './become.ts';
import { type DemoPerson, demoPersons } from './persons.ts';
import { type Rest, restClient, RestError } from './rest.ts';
import { enrolScreened } from './screened.ts';
import { activate, consentBody, createSites, DEMO, doctorOf, setUpStudy, type DemoStudy } from './study.ts';

/** So many of the persons take part in the direct study. */
const DIRECT = 8;

type At = { url: string; issuer: DevIssuer };

/** No study yet: nobody has used this installation. */
export async function isEmpty({ url, issuer }: At): Promise<boolean> {
  const { items } = await asRole({ url, issuer }, 'admin').then((rest) => rest.get<{ items: unknown[] }>('/studies?limit=1'));
  return items.length === 0;
}

/**
 * Enrols twelve persons through the REST API, as sites would: eight in a direct study, of whom two race for the last
 * slot of one site, and one has a study doctor whose mailbox refuses mail; four in studies with screening and signature
 * (`screened.ts`). Answers a line of what came out.
 */
export async function enrolCohort(at: At): Promise<string> {
  const [admin, clinician] = await Promise.all([asRole(at, 'admin'), asRole(at, 'clinician')]);
  const sites = await createSites(admin);
  const study = await setUpStudy(admin, { key: 'observed', sites });
  const all = demoPersons();
  const [persons, screened] = [all.slice(0, DIRECT), all.slice(DIRECT)];
  const enrolled: string[] = [];
  const enrol = async (person: DemoPerson, site: keyof DemoStudy['sites']) => {
    enrolled.push(await post(clinician, { study, person, site }));
  };

  await enrol(persons.shift()!, 'refusingMailbox');
  await raceForLastSlot({ admin, study, persons, enrol });
  await Promise.all(persons.map((person) => enrol(person, 'roomy')));

  const settled = await Promise.all(enrolled.map((id) => become(clinician, id, ({ outcome }) => outcome)));
  const investigator = await asDoctor(at, 'full');
  const enrolAt = (person: DemoPerson, { study: of, site }: { study: DemoStudy; site: 'roomy' | 'full' }) => post(clinician, { study: of, person, site });
  settled.push(...(await enrolScreened({ admin, clinician, investigator }, { sites, persons: screened, enrol: enrolAt })));
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
  const { enrollmentId } = await clinician.post<Pick<Enrollment, 'enrollmentId'>>(
    '/enrollments',
    { patientId: patientInfo.id, studyId: study.studyId, siteId, rescreenOf: null, capacity: 'full', canRead: true, consent: consentBody(person, site) },
    `${key}-enrollment-${Date.now()}`,
  );
  return enrollmentId;
}

async function asRole({ url, issuer }: At, role: 'admin' | 'clinician'): Promise<Rest> {
  const sites = role === 'clinician' ? Object.values(DEMO.siteCodes) : [];
  return restClient({ url, token: await issuer.sign({ id: `demo-${role}`, name: `Demo ${role}`, role, sites, studies: [] }) });
}

async function asDoctor({ url, issuer }: At, site: keyof DemoStudy['sites']): Promise<Rest> {
  const [id, code] = [doctorOf(site), DEMO.siteCodes[site]];
  return restClient({ url, token: await issuer.sign({ id, name: `Doctor at ${code}`, role: 'investigator', sites: [code], studies: [] }) });
}
