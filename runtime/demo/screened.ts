import { become, type Enrollment } from './become.ts';
import type { DemoPerson } from './persons.ts';
import { type Rest, RestError } from './rest.ts';
import { amendConsent, consentBody, type DemoSites, type DemoStudy, setUpStudy } from './study.ts';

type Site = 'roomy' | 'full';
/** Who acts: the administrator, a clinician, and the investigator of the site `full`. */
export type People = { admin: Rest; clinician: Rest; investigator: Rest };
type Enrol = (person: DemoPerson, at: { study: DemoStudy; site: Site }) => Promise<string>;

const GOOD = { AGE: 47, EGFR: 92 };
const TOO_LOW = { AGE: 47, EGFR: 21 };

/**
 * Four persons in protocols with screening and signature: a screen failure, a signature that expires, an amendment
 * that is signed before it goes on, and one whose signature is still awaited. Answers what became of each.
 */
export async function enrolScreened(people: People, { sites, persons, enrol }: { sites: DemoSites; persons: DemoPerson[]; enrol: Enrol }): Promise<string[]> {
  const { admin, clinician } = people;
  const [study, hasty] = [await setUpStudy(admin, { key: 'screened', sites }), await setUpStudy(admin, { key: 'hasty', sites })];
  const [failing, late, amended, waiting] = persons as [DemoPerson, DemoPerson, DemoPerson, DemoPerson];
  const ids = {
    failing: await enrol(failing, { study, site: 'roomy' }),
    late: await enrol(late, { study: hasty, site: 'roomy' }),
    amended: await enrol(amended, { study, site: 'full' }),
    waiting: await enrol(waiting, { study, site: 'roomy' }),
  };
  await screen(clinician, ids.failing, TOO_LOW);
  await screen(clinician, ids.late, GOOD);
  await screen(clinician, ids.waiting, GOOD);
  await screen(clinician, ids.amended, GOOD);
  await reConsent(people, { enrollmentId: ids.amended, study, person: amended });
  return Promise.all([
    become(clinician, ids.failing, ({ outcome }) => outcome),
    become(clinician, ids.late, ({ outcome }) => outcome),
    become(clinician, ids.amended, ({ outcome }) => outcome),
    become(clinician, ids.waiting, ({ outcome, awaiting }) => outcome ?? (awaiting?.what === 'eligibility' ? 'waiting for a signature' : undefined)),
  ]);
}

/** A new version comes into force while the signature is awaited: it is held, re-consented, and signed. */
async function reConsent(people: People, about: { enrollmentId: string; study: DemoStudy; person: DemoPerson }): Promise<void> {
  const { admin, clinician, investigator } = people;
  const { enrollmentId, study, person } = about;
  const sign = (key: string) =>
    investigator.post(
      `/enrollments/${enrollmentId}/eligibility-decision`,
      { decision: 'eligible', signature: { meaning: 'I have reviewed the criteria' } },
      `demo-sign-${enrollmentId}-${key}`,
    );
  await become(clinician, enrollmentId, awaited('eligibility'));
  await amendConsent(admin, study, { site: 'full', version: '2.0' });
  // Refused, as it has to be: the new version concerns the participant.
  await sign('1').catch((error: unknown) => {
    if (!(error instanceof RestError) || error.code !== 'consent_superseded') throw error;
  });
  await become(clinician, enrollmentId, awaited('consent'));
  const consent = consentBody(person, 'full', { version: '2.0', justNow: true });
  await clinician.post(`/enrollments/${enrollmentId}/consents`, { consent }, `demo-reconsent-${enrollmentId}`);
  await become(clinician, enrollmentId, awaited('eligibility'));
  await sign('2');
}

async function screen(clinician: Rest, enrollmentId: string, values: typeof GOOD): Promise<void> {
  const performedAt = new Date().toISOString();
  const results = [
    { item: 'AGE', value: values.AGE, performedAt },
    { item: 'EGFR', value: values.EGFR, unit: 'mL/min/1.73m2', performedAt },
  ];
  await clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results }, `demo-results-${enrollmentId}`);
}

const awaited = (what: string) => (now: Enrollment) => (now.awaiting?.what === what ? what : undefined);
