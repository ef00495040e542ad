import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type About, type Asked, type Grant, type Guard, ON_ENROLLMENTS, type OperationId } from '../common/authority/index.ts';
import type { StudyDeps } from './deps.ts';
import { enrollments } from './enrollments/tables.ts';

type OfEnrollment = { enrollmentId: string };
type OfStudy = { studyId: string };
type Scoped = { siteIds?: string[]; studyIds?: string[]; patientId?: string };

async function enrollment({ db }: StudyDeps, { enrollmentId }: OfEnrollment, { operation }: Asked): Promise<About[]> {
  // Another site's enrollment of the person: what the caller is told of it is decided where the answer is made.
  if (operation === 'createEnrollment') return [];
  const { studyId, siteId, siteCode, patientId } = enrollments;
  const rows = await read(db, (orm) => orm.select({ studyId, siteId, siteCode, patientId }).from(enrollments).where(eq(enrollments.id, enrollmentId)));
  return rows.map((row) => ({ what: 'enrollment', studyId: row.studyId, siteIds: [row.siteId], siteCode: row.siteCode, patientId: row.patientId }));
}

const study = (_deps: StudyDeps, { studyId }: OfStudy): About[] => [{ what: 'study', studyId }];
const site = (_deps: StudyDeps, { studyId, siteId }: OfStudy & { siteId: string }): About[] => [{ what: 'site', studyId, siteIds: [siteId] }];

/** Are the limits of a list those of the grant, or narrower? */
function within(grant: Grant, { siteIds, studyIds, patientId }: Scoped): boolean {
  const inside = (asked: string[] | undefined, granted: readonly string[]) => asked?.every((id) => granted.includes(id)) ?? false;
  switch (grant.scope) {
    case 'any':
      return true;
    case 'site':
      return inside(siteIds, grant.siteIds);
    case 'study':
      return inside(studyIds, grant.studyIds) && (grant.siteIds === null || inside(siteIds, grant.siteIds));
    case 'self':
      return patientId !== undefined && patientId === grant.patientId;
    case 'site-code':
    case 'no-participant':
      return false;
  }
}

/** A study's numbers: of the caller's sites, where the grant names sites; which studies is `about`'s to say. */
function withinSites(grant: Grant, { siteIds }: Scoped): boolean {
  return grant.scope === 'study' ? grant.siteIds === null || within({ scope: 'site', siteIds: grant.siteIds }, { ...(siteIds && { siteIds }) }) : within(grant, { ...(siteIds && { siteIds }) });
}

const listedStudies = (grant: Grant, { studyIds }: Scoped): boolean =>
  grant.scope !== 'study' || within({ ...grant, siteIds: null }, { ...(studyIds && { studyIds }) });

const SIGNING: readonly OperationId[] = ['createEnrollment', 'recordReconsent', 'recordConsent', 'decideEligibility', 'breakCode'];
/** What would be done anew if it were asked again, or refused: its answer is kept. */
const ANSWERED: readonly OperationId[] = ['retryRun', 'startBulkRetry', 'controlActivity', 'resetRun', 'unpauseRun'];

/** Who may call what of Study through the edge, and about what (see `common/authority/authorise.ts`). */
export const guards: Record<string, Guard<StudyDeps>> = {
  createStudy: { for: ['createStudy'] },
  addProtocolVersion: { for: ['addProtocolVersion'] },
  addConsentVersion: { for: ['addConsentVersion'] },
  addInvestigator: { for: ['addInvestigator'] },
  addContact: { for: ['addContact'] },
  addDelegation: { for: ['addDelegation'] },
  endDelegation: { for: ['endDelegation'] },
  logDeviation: { for: ['logDeviation'], about: enrollment },
  logRefusal: { for: ['logScreeningRefusal'], about: site },
  checkAdmission: { for: ['createEnrollment'], about: (_deps, { siteId }: { siteId: string }) => [{ what: 'site', siteIds: [siteId] }] },
  getStudy: { for: ['createStudy', 'getStudy', 'getEnrollmentSummary', 'getConsortDiagram', ...ON_ENROLLMENTS], about: study },
  getStudyByCode: 'lookup',
  listStudies: { for: ['listStudies'], within: listedStudies },
  // Block sizes stand in it: it is read for the person who withdraws or consents anew, and not shown.
  getProtocol: { for: ['createEnrollment', 'recordReconsent', 'withdrawParticipant'] },
  getEnrollment: { for: [...ON_ENROLLMENTS, 'requestUnblinding'], about: enrollment },
  getEligibility: { for: ['getEligibility', 'decideEligibility'], about: enrollment },
  enrollmentIdentity: { for: ['recordReconsent', 'withdrawParticipant'], about: enrollment },
  listEnrollments: { for: ['listEnrollments'], within },
  enrollmentTimeline: { for: ['getEnrollmentTimeline'], about: enrollment },
  listDeviations: { for: ['listDeviations'], about: enrollment },
  listScreeningLog: { for: ['listScreeningLog'], about: site },
  enrollmentSummary: { for: ['getEnrollmentSummary', 'getConsortDiagram'], about: study, within: withinSites },
  getRandomisationList: { for: ['getRandomisationList'], about: study },
  getTreatmentAssignment: { for: ['getTreatmentAssignment'], about: enrollment },
  breakCode: { for: ['breakCode'], about: enrollment },
  listUntoldCodeBreaks: 'system',
  listUntoldMisuses: 'system',
  // The caller's own signing; a refusal is noted whoever they are.
  noteMisuse: { for: SIGNING },
  noteOperation: { for: [...ANSWERED, 'resolveEnrollment', 'stopBulkRetry'] },
  getOperationAnswer: { for: ANSWERED },
  concludeOperation: { for: ANSWERED },
  signingLockedUntil: { for: SIGNING },
  requestUnblinding: { for: ['requestUnblinding'], about: study },
  approveUnblinding: { for: ['approveUnblinding'], about: study },
  listUnblindings: { for: ['listUnblindings'], about: study },
  correctBaseline: { for: ['correctBaseline'], about: enrollment },
  listAuditEntries: { for: ['listAuditEntries'] },
  // Of many at once, some of them elsewhere: the verb itself holds each against the reach.
  checkPayloadAccess: { for: ['decodePayloads'] },
};
