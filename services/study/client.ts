import { inProcessClient } from '../common/index.ts';
import type { StudyService } from './index.ts';

export type * from './types.ts';
export type { ProtocolBody } from './protocol-schema.ts';

const VERBS = [
  'createStudy',
  'addProtocolVersion',
  'addConsentVersion',
  'addInvestigator',
  'addContact',
  'addDelegation',
  'endDelegation',
  'logDeviation',
  'logRefusal',
  'openEnrollment',
  'cancelOpening',
  'evaluateEligibility',
  'signEligibility',
  'invalidateEligibility',
  'enrollParticipant',
  'voidEnrolling',
  'recordProgress',
  'recordOutcome',
  'checkAdmission',
  'judgeConsent',
  'consentIsCurrent',
  'getStudy',
  'getStudyByCode',
  'listStudies',
  'getProtocol',
  'findProtocolVersion',
  'getEnrollment',
  'getEligibility',
  'enrollmentIdentity',
  'listEnrollments',
  'enrollmentTimeline',
  'listDeviations',
  'listScreeningLog',
  'listRecipients',
  'enrollmentSummary',
  'getRandomisationList',
  'getTreatmentAssignment',
  'breakCode',
  'listUntoldCodeBreaks',
  'requestUnblinding',
  'approveUnblinding',
  'listUnblindings',
  'correctBaseline',
] as const;

/** What others may call. */
export type StudyClient = Pick<StudyService, (typeof VERBS)[number]>;

/** Study as others see it: every call answered within `deadlineMs` or refused as `service_timeout`. */
export function studyClient(service: StudyService, deadlineMs: number): StudyClient {
  return inProcessClient('study', service, { verbs: VERBS, deadlineMs });
}
