import { and, asc, eq, type SQL } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type About, type Asked, covers, grantOf, type Guard, ON_ENROLLMENTS } from '../common/authority/index.ts';
import { openedFor } from './break-glass/opened-for.ts';
import type { PatientDeps } from './deps.ts';
import { readForCall } from './person-of-call.ts';
import { consents } from './tables.ts';
import { sitesOfPerson } from './sites-of-person.ts';

type OfPerson = { patientId: string };
const ctx = { actor: { kind: 'service', service: 'patient' }, requestId: 'authorise' } as const;

async function person(deps: PatientDeps, { patientId }: OfPerson): Promise<About[] | null> {
  const known = await sitesOfPerson(deps, { ctx, input: { patientId } });
  return known && [{ what: 'patient', patientId, siteIds: known.siteIds }];
}

/** The whole person, whom the verb wants next. */
async function wholePerson(deps: PatientDeps, input: OfPerson): Promise<About[] | null> {
  const known = await readForCall(deps, input);
  return known ? [{ what: 'patient', patientId: known.id, siteIds: known.siteIds }] : null;
}

/** Reading one person's record is what an emergency access opens, beside what the role reaches by itself. */
async function personOrEmergency(deps: PatientDeps, input: OfPerson, { ctx: asking, operation }: Asked, find = person): Promise<About[] | null> {
  const about = await find(deps, input);
  const reach = grantOf(asking);
  if (!about || about.every((one) => covers(reach, one))) return about;
  return (await openedFor(deps, { ctx: asking, patientId: input.patientId, operation })) ? [] : about;
}

const site = ({ siteId }: { siteId: string }): About => ({ what: 'site', siteIds: [siteId] });

async function consent({ db }: PatientDeps, where: SQL | undefined): Promise<About[]> {
  const [row] = await read(db, (orm) => orm.select().from(consents).where(where).orderBy(asc(consents.id)).limit(1));
  return row ? [{ what: 'consent', patientId: row.patientId, studyId: row.studyId, siteIds: [row.siteId] }] : [];
}

/** Who may call what of Patient through the edge, and about whom (see `common/authority/authorise.ts`). */
export const guards: Record<string, Guard<PatientDeps>> = {
  registerPerson: { for: ['registerPatient'], about: (_deps, input: { siteId: string }) => [site(input)] },
  amendPerson: { for: ['amendPatient'], about: person },
  getPerson: {
    for: ({ reveal }: { reveal: boolean }) => (reveal ? ['revealPatient'] : ['registerPatient', 'getPatient', 'amendPatient', 'getEnrollment', 'breakGlass']),
    about: (deps, input: OfPerson & { reveal: boolean }, asked) => personOrEmergency(deps, input, asked, input.reveal ? person : wholePerson),
  },
  getPersons: { for: [] },
  breakGlass: { for: ['breakGlass'] },
  listUntoldBreakGlass: 'system',
  // What is outside of the grant is left out of what it finds.
  searchPersons: { for: ['searchPatients'] },
  listHistory: { for: ['listHistory'], about: personOrEmergency },
  addHistory: { for: ['addHistory'], about: person },
  listConsents: { for: ['listConsents'], about: personOrEmergency },
  getConsent: { for: ['markConsentEnteredInError'], about: (deps, { consentId }: { consentId: string }) => consent(deps, eq(consents.id, consentId)) },
  consentOfEnrollment: {
    for: ON_ENROLLMENTS,
    about: async (deps, { enrollmentId }: { enrollmentId: string }, { operation }) =>
      // Whether the caller may know of another site's enrollment of that person is decided where the answer is made.
      operation === 'createEnrollment' ? [] : (await consent(deps, eq(consents.enrollmentId, enrollmentId))).map((one) => ({ ...one, what: 'enrollment' })),
  },
  sitesOfPerson: { for: ['createEnrollment'], about: person },
  missingSigners: { for: ['createEnrollment', 'recordReconsent'], about: person },
  recordConsent: {
    for: ['recordConsent', 'createEnrollment', 'recordReconsent'],
    about: async (deps, input: OfPerson & { siteId: string }) => [site(input), ...((await person(deps, input)) ?? [])],
  },
  markConsentEnteredInError: {
    for: ['markConsentEnteredInError'],
    about: async (deps, input: OfPerson & { consentId: string }) => [
      ...((await person(deps, input)) ?? []),
      ...(await consent(deps, and(eq(consents.id, input.consentId), eq(consents.patientId, input.patientId)))),
    ],
  },
  listAuditEntries: { for: ['listAuditEntries'] },
  listDisclosures: { for: ['listDisclosures'], about: person },
};
