import type { DevIssuer } from '../dev-issuer.ts';
import type { Role } from '../../services/common/index.ts';
import { demoPersons } from './persons.ts';
import { type Rest, restClient } from './rest.ts';
import { createSites, DEMO, doctorOf, setUpStudy, type SiteKey } from './study.ts';
import {
  amended, declining, endedByAnOperator, failingTheCriteria, overtakenByTheWindow, parkedOnItsMail, type People, racing, toTheEnd, waitingForASignature,
  waitingForTheRandomisation, type Way, withdrawingAfterwards,
} from './ways.ts';

type At = { url: string; issuer: DevIssuer };

/** No study yet: nobody has used this installation. */
export async function isEmpty({ url, issuer }: At): Promise<boolean> {
  const { items } = await asRole({ url, issuer }, 'admin').then((rest) => rest.get<{ items: unknown[] }>('/studies?limit=1'));
  return items.length === 0;
}

/** Thirteen at once, each on a way of their own; at the site `full` one after an amendment, then two for one place. */
const WAYS: readonly [Way, SiteKey][] = [
  [waitingForASignature, 'roomy'],
  [waitingForTheRandomisation, 'roomy'],
  [parkedOnItsMail, 'refusingMailbox'],
  [overtakenByTheWindow, 'roomy'],
  [failingTheCriteria, 'roomy'],
  [declining, 'roomy'],
  [endedByAnOperator, 'roomy'],
  [withdrawingAfterwards, 'roomy'],
  ...Array.from({ length: 5 }, (): [Way, SiteKey] => [toTheEnd, 'roomy']),
];

/**
 * Enrols sixteen persons through the REST API, as sites would, in a study with two arms, stratified: one of each
 * outcome, one who is parked, one who waits for a signature and one for the randomisation. Answers a line of what came out.
 */
export async function enrolCohort(at: At): Promise<string> {
  const people = await peopleOf(at);
  const sites = await createSites(people.admin);
  const scene = { people, study: await setUpStudy(people.admin, sites) };
  const persons = demoPersons();
  const [first, ...rivals] = persons.slice(WAYS.length).map((person) => ({ person, site: 'full' as const }));
  const atFull = async () => (first ? [await amended(scene, first), ...(await racing(scene, rivals))] : []);
  const [full, ...others] = await Promise.all([
    atFull(),
    ...persons.slice(0, WAYS.length).map((person, index) => {
      const [way, site] = WAYS[index]!;
      return way(scene, { person, site });
    }),
  ]);
  const counts = new Map<string, number>();
  for (const result of [...full, ...others]) counts.set(result, (counts.get(result) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([result, count]) => `${count} ${result}`).join(', ');
}

async function peopleOf(at: At): Promise<People> {
  const [admin, clinician, ops, roomy, full, refusingMailbox] = await Promise.all([
    asRole(at, 'admin'), asRole(at, 'clinician'), asRole(at, 'ops'), asDoctor(at, 'roomy'), asDoctor(at, 'full'), asDoctor(at, 'refusingMailbox'),
  ]);
  return { admin, clinician, ops, investigators: { roomy, full, refusingMailbox } };
}

async function asRole({ url, issuer }: At, role: Role): Promise<Rest> {
  const sites = role === 'clinician' ? Object.values(DEMO.siteCodes) : [];
  return restClient({ url, token: await issuer.sign({ id: `demo-${role}`, name: `Demo ${role}`, role, sites, studies: [] }) });
}

async function asDoctor({ url, issuer }: At, site: SiteKey): Promise<Rest> {
  const [id, code] = [doctorOf(site), DEMO.siteCodes[site]];
  return restClient({ url, token: await issuer.sign({ id, name: `Doctor at ${code}`, role: 'investigator', sites: [code], studies: [] }) });
}
