import { authoriseWith } from '../common/authority/index.ts';
import { type Bound, bindVerbs } from '../common/index.ts';
import { listAuditEntriesIn } from '../common/audit/list-audit-entries.ts';
import { rewrapDataKeysIn } from '../common/rewrap-data-keys.ts';
import { settleStepIn } from '../common/settle-step.ts';
import { guards } from './guards.ts';
import { addConsentVersion } from './set-up/add-consent-version.ts';
import { addContact } from './set-up/add-contact.ts';
import { addDelegation } from './set-up/add-delegation.ts';
import { addInvestigator } from './set-up/add-investigator.ts';
import { addProtocolVersion } from './set-up/add-protocol-version.ts';
import { cancelOpening } from './enrollments/cancel-opening.ts';
import { checkAdmission } from './enrollments/check-admission.ts';
import { countEnrollments } from './enrollments/count-enrollments.ts';
import { consentIsCurrent } from './set-up/consent-is-current.ts';
import { createStudy } from './set-up/create-study.ts';
import type { StudyDeps } from './deps.ts';
import { endDelegation } from './set-up/end-delegation.ts';
import { enrollParticipant } from './enrollments/enroll-participant.ts';
import { enrollmentIdentity } from './enrollments/enrollment-identity.ts';
import { enrollmentSummary } from './consort/enrollment-summary.ts';
import { enrollmentTimeline } from './enrollments/enrollment-timeline.ts';
import { evaluateEligibility } from './eligibility/evaluate-eligibility.ts';
import { findProtocolVersion } from './set-up/find-protocol-version.ts';
import { getEligibility } from './eligibility/get-eligibility.ts';
import { getEnrollment } from './enrollments/get-enrollment.ts';
import { getProtocol } from './set-up/get-protocol.ts';
import { getStudyByCode } from './set-up/get-study-by-code.ts';
import { getStudy } from './set-up/get-study.ts';
import { ledger } from './ledger.ts';
import { invalidateEligibility } from './eligibility/invalidate-eligibility.ts';
import { judgeConsent } from './set-up/judge-consent.ts';
import { listDeviations } from './enrollments/list-deviations.ts';
import { listEnrollments } from './enrollments/list-enrollments.ts';
import { listUntoldMisuses, markMisusesTold } from './misuse/untold.ts';
import { noteKeyChange } from './note-key-change.ts';
import { noteMisuse, signingLockedUntil } from './misuse/note-misuse.ts';
import { concludeOperation } from './operations/conclude-operation.ts';
import { noteOperation } from './operations/note-operation.ts';
import { getOperationAnswer } from './operations/get-operation-answer.ts';
import { listRecipients } from './set-up/list-recipients.ts';
import { listStudies } from './set-up/list-studies.ts';
import { listScreeningLog } from './enrollments/list-screening-log.ts';
import { logDeviation } from './enrollments/log-deviation.ts';
import { logRefusal } from './enrollments/log-refusal.ts';
import { openEnrollment } from './enrollments/open-enrollment.ts';
import { getRandomisationList } from './randomisation/get-randomisation-list.ts';
import { randomiseParticipant } from './randomisation/randomise-participant.ts';
import { settleRandomisation } from './randomisation/settle-randomisation.ts';
import { recordOutcome } from './enrollments/record-outcome.ts';
import { recordProgress } from './enrollments/record-progress.ts';
import { signEligibility } from './eligibility/sign-eligibility.ts';
import { checkPayloadAccess } from './payloads/check-payload-access.ts';
import { approveUnblinding } from './unblinding/approve-unblinding.ts';
import { breakCode } from './unblinding/break-code.ts';
import { correctBaseline } from './unblinding/correct-baseline.ts';
import { getTreatmentAssignment } from './unblinding/get-treatment-assignment.ts';
import { listUnblindings } from './unblinding/list-unblindings.ts';
import { listUntoldCodeBreaks } from './unblinding/list-untold-code-breaks.ts';
import { markCodeBreakTold } from './unblinding/mark-code-break-told.ts';
import { requestUnblinding } from './unblinding/request-unblinding.ts';
import { voidEnrolling } from './enrollments/void-enrolling.ts';

const verbs = {
  createStudy,
  addProtocolVersion,
  addConsentVersion,
  addInvestigator,
  addContact,
  addDelegation,
  endDelegation,
  logDeviation,
  logRefusal,
  openEnrollment,
  cancelOpening,
  evaluateEligibility,
  signEligibility,
  invalidateEligibility,
  settleStep: settleStepIn(ledger),
  rewrapDataKeys: rewrapDataKeysIn(ledger),
  listAuditEntries: listAuditEntriesIn(ledger, { identifying: false }),
  authorise: authoriseWith(guards),
  enrollParticipant,
  voidEnrolling,
  randomiseParticipant,
  settleRandomisation,
  recordProgress,
  recordOutcome,
  countEnrollments,
  checkAdmission,
  judgeConsent,
  consentIsCurrent,
  getStudy,
  getStudyByCode,
  listStudies,
  getProtocol,
  findProtocolVersion,
  getEnrollment,
  getEligibility,
  enrollmentIdentity,
  listEnrollments,
  enrollmentTimeline,
  listDeviations,
  listScreeningLog,
  listRecipients,
  enrollmentSummary,
  getRandomisationList,
  getTreatmentAssignment,
  breakCode,
  markCodeBreakTold,
  listUntoldCodeBreaks,
  requestUnblinding,
  approveUnblinding,
  listUnblindings,
  correctBaseline,
  checkPayloadAccess,
  noteMisuse,
  noteKeyChange,
  noteOperation,
  getOperationAnswer,
  concludeOperation,
  signingLockedUntil,
  listUntoldMisuses,
  markMisusesTold,
};

/** Written out, not inferred from `studyService`: Study's and Site's types refer to each other. */
export type StudyService = Bound<StudyDeps, typeof verbs>;

/** Study: protocols, consent versions, investigators and delegations, subjects, enrollments, deviations. */
export function studyService(deps: StudyDeps): StudyService {
  return bindVerbs(deps, verbs);
}

export type { StudyDeps } from './deps.ts';
export * from './schemas.ts';
export * from './types.ts';
export * from './vocabulary.ts';
