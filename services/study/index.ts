import { type Bound, bindVerbs } from '../common/index.ts';
import { settleStepIn } from '../common/settle-step.ts';
import { addConsentVersion } from './add-consent-version.ts';
import { addContact } from './add-contact.ts';
import { addDelegation } from './add-delegation.ts';
import { addInvestigator } from './add-investigator.ts';
import { addProtocolVersion } from './add-protocol-version.ts';
import { cancelOpening } from './cancel-opening.ts';
import { checkAdmission } from './check-admission.ts';
import { consentIsCurrent } from './consent-is-current.ts';
import { createStudy } from './create-study.ts';
import type { StudyDeps } from './deps.ts';
import { endDelegation } from './end-delegation.ts';
import { enrollParticipant } from './enroll-participant.ts';
import { enrollmentIdentity } from './enrollment-identity.ts';
import { enrollmentSummary } from './enrollment-summary.ts';
import { enrollmentTimeline } from './enrollment-timeline.ts';
import { evaluateEligibility } from './evaluate-eligibility.ts';
import { findProtocolVersion } from './find-protocol-version.ts';
import { getEligibility } from './get-eligibility.ts';
import { getEnrollment } from './get-enrollment.ts';
import { getProtocol } from './get-protocol.ts';
import { getStudyByCode } from './get-study-by-code.ts';
import { getStudy } from './get-study.ts';
import { ledger } from './ledger.ts';
import { invalidateEligibility } from './invalidate-eligibility.ts';
import { judgeConsent } from './judge-consent.ts';
import { listDeviations } from './list-deviations.ts';
import { listEnrollments } from './list-enrollments.ts';
import { listRecipients } from './list-recipients.ts';
import { listStudies } from './list-studies.ts';
import { listScreeningLog } from './list-screening-log.ts';
import { logDeviation } from './log-deviation.ts';
import { logRefusal } from './log-refusal.ts';
import { openEnrollment } from './open-enrollment.ts';
import { getRandomisationList } from './randomisation/get-randomisation-list.ts';
import { randomiseParticipant } from './randomisation/randomise-participant.ts';
import { settleRandomisation } from './randomisation/settle-randomisation.ts';
import { recordOutcome } from './record-outcome.ts';
import { recordProgress } from './record-progress.ts';
import { signEligibility } from './sign-eligibility.ts';
import { approveUnblinding } from './unblinding/approve-unblinding.ts';
import { breakCode } from './unblinding/break-code.ts';
import { correctBaseline } from './unblinding/correct-baseline.ts';
import { getTreatmentAssignment } from './unblinding/get-treatment-assignment.ts';
import { listUnblindings } from './unblinding/list-unblindings.ts';
import { listUntoldCodeBreaks } from './unblinding/list-untold-code-breaks.ts';
import { markCodeBreakTold } from './unblinding/mark-code-break-told.ts';
import { requestUnblinding } from './unblinding/request-unblinding.ts';
import { voidEnrolling } from './void-enrolling.ts';

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
  enrollParticipant,
  voidEnrolling,
  randomiseParticipant,
  settleRandomisation,
  recordProgress,
  recordOutcome,
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
