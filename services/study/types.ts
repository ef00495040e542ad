import type { Actor } from '../common/index.ts';
import type { SignedVersion } from './eligibility/eligibility-types.ts';
import type { ProtocolBody } from './protocol-schema.ts';
import type { NewDeviation } from './schemas.ts';
import type { Outcome, RefusalReason, Stage, SubjectStatus, WithdrawalScope } from './vocabulary.ts';

export type * from './consort/types.ts';
export type * from './eligibility/eligibility-types.ts';

/** What an enrollment is about; never changes. Travels with every step, so that any step can write the record first. */
export type EnrollmentIdentity = {
  enrollmentId: string;
  studyId: string;
  studyCode: string;
  siteId: string;
  siteCode: string;
  patientId: string;
  protocolVersionId: string;
  requestKey: string;
  contentHash: string;
  rescreenOf: string | null;
};

/** Who or what the enrollment waits for; `until` in RFC 3339 UTC. */
export type Awaiting = { what: string; who: string; until: string | null };

/** An input that moves the record: it only moves to a higher revision, never back. */
export type Revised = { identity: EnrollmentIdentity; revision: number };

export type OpenEnrollment = Revised & { consentId: string; signedAt: string };
export type OpeningResult =
  | { opened: true; subjectNumber: string }
  | { opened: false; reason: 'already_enrolled' | 'not_admissible'; missing: string[] };
/** With `consent`, the enrolling is held when that version has been superseded. */
export type EnrollParticipant = Revised & { consent?: SignedVersion | undefined };
/** `version`: the one that the participant has to sign first. */
export type Enrolled = { enrolledAt: string } | { held: 'consent_superseded'; version: string };
/** Levels as stated by whoever confirmed them; with `consent`, held when that version has been superseded. */
export type RandomiseParticipant = Revised & { strata: Record<string, string>; confirmedBy: string; consent?: SignedVersion | undefined };
/** No arm: a workflow, and whoever looks at it, knows only the allocation. */
export type Randomised = { allocationId: string; at: string } | { held: 'consent_superseded'; version: string };
/** `stepKey` is the key of the step that is to be undone. */
export type UndoStep = Revised & { stepKey: string };
export type RecordProgress = Revised & {
  stage: Stage;
  needsAttention: boolean;
  stuckStep: string | null;
  awaiting: Awaiting | null;
};
export type RecordOutcome = Revised & {
  outcome: Outcome;
  stage: Stage;
  reason: string | null;
  /** Of a withdrawal. */
  scope?: WithdrawalScope | undefined;
  details?: Record<string, unknown> | undefined;
};

/** The record of an enrollment, as lists and closed enrollments show it. Times in RFC 3339 UTC. */
export type EnrollmentRecord = {
  id: string;
  enrollmentId: string;
  patientId: string;
  studyId: string;
  studyCode: string;
  siteId: string;
  siteCode: string;
  protocolVersionId: string;
  stage: Stage;
  status: SubjectStatus;
  outcome: Outcome | null;
  outcomeReason: string | null;
  needsAttention: boolean;
  stuckStep: string | null;
  awaiting: Awaiting | null;
  subjectNumber: string | null;
  consentId: string | null;
  rescreenOf: string | null;
  createdAt: string;
  updatedAt: string;
  revision: number;
};

export type ListEnrollments = {
  /** The caller's scope: nothing outside of these is shown; absent means no limit, empty means nothing. */
  siteIds?: string[] | undefined;
  studyIds?: string[] | undefined;
  studyId?: string | undefined;
  siteId?: string | undefined;
  stage?: Stage | undefined;
  outcome?: Outcome | undefined;
  needsAttention?: boolean | undefined;
  awaiting?: string | undefined;
  patientId?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

export const ADMISSION_GAPS = [
  'study_not_found',
  'study_not_open',
  'site_not_active',
  'ethics_approval',
  'protocol_version',
  'principal_investigator',
  'cap_reached',
  'already_enrolled_elsewhere',
  'already_randomised',
  'rescreens_used_up',
] as const;
export type AdmissionGap = (typeof ADMISSION_GAPS)[number];

export type CheckAdmission = { studyId: string; siteId: string; patientId: string; requestKey: string; contentHash: string };
export type Admission = {
  /** What keeps this enrollment from starting; empty when admissible. */
  missing: AdmissionGap[];
  study: { code: string } | null;
  site: { code: string } | null;
  protocol: {
    protocolVersionId: string;
    version: string;
    consentRule: string;
    slotTimeToLiveMs: number;
    reconsentDeadlineMs: number;
    hasEpro: boolean;
    /** Absent where the protocol has none. */
    screening?: { windowMs: number };
    eligibilitySignature?: { reminderMs: number; expiryMs: number };
    /** Neither arms nor strata: whoever looks at a run must not learn them. */
    randomisation?: { autoRandomise: boolean; freesCapOnWithdrawal: boolean };
  } | null;
  /** The enrollment that this request, or this person at this site, already has. */
  known: { enrollmentId: string; by: 'request_key' | 'person'; sameContent: boolean } | null;
  /** The person has, or had, an enrollment in this study, however it ended. */
  hasRecord: boolean;
};

export type JudgeConsent = {
  studyId: string;
  siteId: string;
  version: string;
  language: string;
  documentSha256: string;
  signedAt: string;
  discusserUserId: string | null;
};
export type ConsentValidity = 'valid' | 'version_not_approved' | 'not_delegated';

export type Study = {
  id: string;
  studyId: string;
  code: string;
  title: string;
  phase: string | null;
  sponsor: string | null;
  status: string;
  createdAt: string;
};
export type Protocol = { protocolVersionId: string; studyId: string; version: string; effectiveAt: string; body: ProtocolBody };
export type TimelineItem = { at: string; event: string; stage: Stage; actor: Actor; details: Record<string, unknown> };
export type Deviation = NewDeviation & { id: string; deviationId: string; enrollmentId: string; at: string; actor: Actor };
export type Recipient = { userId: string; role: string; name: string; email: string };

/** A line of the screening log: of an enrollment, or of somebody who never signed (`refused`). Times in RFC 3339 UTC. */
export type ScreeningLogLine = {
  id: string;
  at: string;
  enrollmentId: string | null;
  subjectNumber: string | null;
  closedAt: string | null;
  outcome: Outcome | null;
  reason: string | null;
  refused: RefusalReason | null;
};

/** The randomisation list as the unblinded statistician gets it. */
export type ListEntry = {
  id: string;
  stratum: string;
  position: number;
  block: number;
  arm: string;
  allocationId: string | null;
  enrollmentId: string | null;
  subjectNumber: string | null;
  at: string | null;
};
export type RandomisationList = { protocolVersionId: string; method: string; seed: string };

/** What a subject was allocated to: for unblinded roles, and whom an unblinding lets know. */
export type TreatmentAssignment = { enrollmentId: string; subjectNumber: string | null; allocationId: string; arm: string; randomisedAt: string };

/** `retryAt`: the limit refused it; from then on it may be tried again, under a new key. */
export type CodeBroken =
  | { broken: true; codeBreakId: string; enrollmentId: string; subjectNumber: string | null; arm: string; at: string }
  | { broken: false; codeBreakId: string; retryAt: string };
/** What is told of a code-break or a refused attempt: no arm, no name, no reason. */
export type CodeBreakReport = {
  codeBreakId: string;
  result: 'broken' | 'refused';
  role: string;
  at: string;
  about: {
    enrollmentId: string;
    studyId: string;
    studyCode: string;
    siteId: string;
    siteCode: string;
    patientId: string;
    subjectNumber: string | null;
  };
};

type Named = { userId: string; name: string; role: string };
/** A request to unblind by two persons, as it stands at the moment of asking. */
export type Unblinding = {
  id: string;
  unblindingId: string;
  studyId: string;
  scope: 'subject' | 'study';
  enrollmentId: string | null;
  status: 'requested' | 'approved' | 'expired';
  reason: string;
  requestedBy: Named;
  requestedAt: string;
  expiresAt: string;
  approvedBy: Named | null;
  approvedAt: string | null;
  approvalReason: string | null;
};

export type BaselineCorrected = { correctionId: string; enrollmentId: string; deviationId: string; strata: Record<string, string>; at: string };
