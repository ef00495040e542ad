import { and, asc, eq, type SQL } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type About, type Guard, ON_ENROLLMENTS } from '../common/authority/index.ts';
import type { PatientDeps } from './deps.ts';
import { consents } from './tables.ts';
import { sitesOfPerson } from './sites-of-person.ts';

type OfPerson = { patientId: string };
const ctx = { actor: { kind: 'service', service: 'patient' }, requestId: 'authorise' } as const;

async function person(deps: PatientDeps, { patientId }: OfPerson): Promise<About[] | null> {
  const known = await sitesOfPerson(deps, { ctx, input: { patientId } });
  return known && [{ what: 'patient', patientId, siteIds: known.siteIds }];
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
    for: ({ reveal }: { reveal: boolean }) => (reveal ? ['revealPatient'] : ['registerPatient', 'getPatient', 'amendPatient', 'getEnrollment']),
    about: person,
  },
  getPersons: { for: [] },
  // What is outside of the grant is left out of what it finds.
  searchPersons: { for: ['searchPatients'] },
  listHistory: { for: ['listHistory'], about: person },
  addHistory: { for: ['addHistory'], about: person },
  listConsents: { for: ['listConsents'], about: person },
  getConsent: { for: ['markConsentEnteredInError'], about: (deps, { consentId }: { consentId: string }) => consent(deps, eq(consents.id, consentId)) },
  consentOfEnrollment: {
    for: ON_ENROLLMENTS,
    about: async (deps, { enrollmentId }: { enrollmentId: string }, operation) =>
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
};
