import { awaited, become } from './become.ts';
import type { DemoPerson } from './persons.ts';
import { WINDOW_DAYS } from './protocols.ts';
import { type Rest, RestError } from './rest.ts';
import { amendConsent, consentBody, type DemoStudy, type SiteKey } from './study.ts';

const GOOD = { AGE: 47, EGFR: 92 };
const TOO_LOW = { AGE: 47, EGFR: 21 };
const DAY_MS = 86_400_000;
/** So much of the screening window is left to the one whom it overtakes. */
const LEFT_MS = 3000;

/** Who acts: the administrator, a clinician, an operator, and the investigator of each site. */
export type People = { admin: Rest; clinician: Rest; ops: Rest; investigators: Record<SiteKey, Rest> };
export type Scene = { people: People; study: DemoStudy };
type Case = { person: DemoPerson; site: SiteKey };
type Enrolled = Case & { enrollmentId: string };

/** One participant's way through the study; answers what became of them. */
export type Way = (scene: Scene, one: Case) => Promise<string>;

export const toTheEnd: Way = async (scene, one) => {
  const enrolled = await signed(scene, one);
  await randomise(scene, enrolled);
  return outcomeOf(scene, enrolled);
};

export const failingTheCriteria: Way = async (scene, one) => {
  const enrolled = await enrol(scene, one);
  await screen(scene, enrolled, TOO_LOW);
  return outcomeOf(scene, enrolled);
};

export const declining: Way = async (scene, one) => {
  const enrolled = await enrol(scene, one);
  await withdraw(scene, enrolled);
  return outcomeOf(scene, enrolled);
};

/** Signed so long ago that the screening window ends before anybody enters results. */
export const overtakenByTheWindow: Way = async (scene, one) =>
  outcomeOf(scene, await enrol(scene, one, { signedMsAgo: WINDOW_DAYS * DAY_MS - LEFT_MS }));

export const withdrawingAfterwards: Way = async (scene, one) => {
  const enrolled = await signed(scene, one);
  await randomise(scene, enrolled);
  await outcomeOf(scene, enrolled);
  await withdraw(scene, enrolled);
  return become(scene.people.clinician, enrolled.enrollmentId, ({ outcome }) => (outcome === 'active' ? undefined : outcome));
};

export const endedByAnOperator: Way = async (scene, one) => {
  const enrolled = await signed(scene, one);
  const { ops } = scene.people;
  await ops.post(`/enrollments/${enrolled.enrollmentId}/resolve`, { action: 'abort', reason: 'entered by mistake' }, `demo-abort-${enrolled.enrollmentId}`);
  return outcomeOf(scene, enrolled);
};

/** The mailbox of its study doctor refuses mail: past the pivot it waits for an operator. */
export const parkedOnItsMail: Way = async (scene, one) => {
  const enrolled = await signed(scene, one);
  await randomise(scene, enrolled);
  return become(scene.people.clinician, enrolled.enrollmentId, ({ stage, needsAttention }) => (stage === 'activation' && needsAttention ? 'parked' : undefined));
};

export const waitingForASignature: Way = async (scene, one) => {
  const enrolled = await screened(scene, one);
  return become(scene.people.clinician, enrolled.enrollmentId, ({ awaiting }) => (awaiting?.what === 'eligibility' ? 'waiting for a signature' : undefined));
};

export const waitingForTheRandomisation: Way = async (scene, one) => {
  const { enrollmentId } = await signed(scene, one);
  return become(scene.people.clinician, enrollmentId, ({ awaiting }) => (awaiting?.what === 'randomisation' ? 'waiting for a randomisation' : undefined));
};

/** A new version comes into force while the signature is awaited: held, signed anew, and on it goes. */
export const amended: Way = async (scene, one) => {
  const enrolled = await screened(scene, one);
  const { people, study } = scene;
  const { site, person } = one;
  const { enrollmentId } = enrolled;
  await awaited(people.clinician, enrollmentId, 'eligibility');
  await amendConsent(people.admin, study, { site, version: '2.0' });
  // Refused, as it has to be: the new version concerns the participant.
  await sign(scene, enrolled, 'too-early').catch((error: unknown) => {
    if (!(error instanceof RestError) || error.code !== 'consent_superseded') throw error;
  });
  await awaited(people.clinician, enrollmentId, 'consent');
  const consent = consentBody(person, site, { version: '2.0', signedMsAgo: 0 });
  await people.clinician.post(`/enrollments/${enrollmentId}/consents`, { consent }, `demo-reconsent-${enrollmentId}`);
  await awaited(people.clinician, enrollmentId, 'eligibility');
  await sign(scene, enrolled);
  await randomise(scene, enrolled);
  return outcomeOf(scene, enrolled);
};

/** Signed at one moment for one place that is left: one of them finds the cap reached. */
export async function racing(scene: Scene, cases: Case[]): Promise<string[]> {
  const enrolled = await Promise.all(cases.map((one) => screened(scene, one, { version: '2.0', signedMsAgo: 0 })));
  await Promise.all(enrolled.map(({ enrollmentId }) => awaited(scene.people.clinician, enrollmentId, 'eligibility')));
  await Promise.all(enrolled.map((one) => sign(scene, one)));
  return Promise.all(
    enrolled.map(async (one) => {
      await randomise(scene, one);
      return outcomeOf(scene, one);
    }),
  );
}

function outcomeOf({ people }: Scene, { enrollmentId }: Enrolled): Promise<string> {
  return become(people.clinician, enrollmentId, ({ outcome }) => outcome);
}

async function enrol({ people: { clinician }, study }: Scene, one: Case, consent: { version?: string; signedMsAgo?: number } = {}): Promise<Enrolled> {
  const { person, site } = one;
  const siteId = study.sites[site];
  const key = `demo-${person.idCard.slice(-6)}`;
  const { patientInfo } = await clinician.post<{ patientInfo: { id: string } }>('/patients', { ...person.about, siteId }, `${key}-patient`);
  const { enrollmentId } = await clinician.post<{ enrollmentId: string }>(
    '/enrollments',
    { patientId: patientInfo.id, studyId: study.studyId, siteId, rescreenOf: null, capacity: 'full', canRead: true, consent: consentBody(person, site, consent) },
    `${key}-enrollment`,
  );
  return { ...one, enrollmentId };
}

async function screened(scene: Scene, one: Case, consent?: { version: string; signedMsAgo: number }): Promise<Enrolled> {
  const enrolled = await enrol(scene, one, consent);
  await screen(scene, enrolled, GOOD);
  return enrolled;
}

async function signed(scene: Scene, one: Case): Promise<Enrolled> {
  const enrolled = await screened(scene, one);
  await awaited(scene.people.clinician, enrolled.enrollmentId, 'eligibility');
  await sign(scene, enrolled);
  return enrolled;
}

async function screen({ people: { clinician } }: Scene, { enrollmentId }: Enrolled, values: typeof GOOD): Promise<void> {
  const performedAt = new Date().toISOString();
  const results = [
    { item: 'AGE', value: values.AGE, performedAt },
    { item: 'EGFR', value: values.EGFR, unit: 'mL/min/1.73m2', performedAt },
  ];
  await clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results }, `demo-results-${enrollmentId}`);
}

async function sign({ people: { investigators } }: Scene, { enrollmentId, site }: Enrolled, attempt = 'signed'): Promise<void> {
  const decision = { decision: 'eligible', signature: { meaning: 'I have reviewed the criteria' } };
  await investigators[site].post(`/enrollments/${enrollmentId}/eligibility-decision`, decision, `demo-sign-${enrollmentId}-${attempt}`);
}

/** On the site's request, once it is awaited; not for one who has ended before. */
async function randomise({ people: { clinician }, study }: Scene, { enrollmentId, person, site }: Enrolled): Promise<void> {
  const reached = await become(clinician, enrollmentId, ({ awaiting, outcome }) => outcome ?? (awaiting?.what === 'randomisation' ? 'awaited' : undefined));
  if (reached !== 'awaited') return;
  await clinician.post(`/enrollments/${enrollmentId}/randomisation`, { strata: { sex: person.sex }, confirmedBy: study.doctors[site] }, `demo-randomise-${enrollmentId}`);
}

async function withdraw({ people: { clinician } }: Scene, { enrollmentId }: Enrolled): Promise<void> {
  const withdrawal = { scope: 'interventions', decidedBy: 'participant', reason: 'no longer wishes to take part' };
  await clinician.post(`/enrollments/${enrollmentId}/withdrawal`, withdrawal, `demo-withdrawal-${enrollmentId}`);
}
