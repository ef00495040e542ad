import type { EdcActivities, PatientActivities } from '../../activities/index.ts';
import type { TimingProfile } from '../timing.ts';

type RecordConsentCall = Parameters<PatientActivities['recordConsent']>[0];
export type RecordConsentInput = RecordConsentCall['input'];
export type SignedConsent = RecordConsentInput['consent'];
export type ConsentValidity = Awaited<ReturnType<PatientActivities['recordConsent']>>['validity'];

/** Who acts and by which request: into the audit row of every effect. */
export type WorkflowCtx = RecordConsentCall['ctx'];

/** From where, and in which trace. */
export type Origin = NonNullable<WorkflowCtx['origin']>;

/** A person who acts: id as the delegation log knows it, printed name, role. */
export type ActingUser = Extract<WorkflowCtx['actor'], { kind: 'workflow' }>['onBehalfOf'];

export type Stage =
  | 'consent'
  | 'screening'
  | 'eligibility'
  | 'slot'
  | 'enrollment'
  | 'casebook'
  | 'randomisation'
  | 'activation';

export type Outcome = 'active' | 'screen_failed' | 'declined' | 'cap_reached' | 'expired' | 'withdrawn' | 'voided';

/** Whose command it is, by which request. */
export type AskedBy = {
  actor: ActingUser;
  requestId: string;
  origin?: Origin;
  /** What the API has signed of it: services hold what they do against it, and carry out nothing without. */
  assertion?: string;
};

/** The whole command, with everything the run needs to know: the protocol version in force at its start stays. */
export type EnrollmentInput = {
  enrollmentId: string;
  patientId: string;
  studyId: string;
  studyCode: string;
  siteId: string;
  siteCode: string;
  rescreenOf: string | null;
  /** The caller's idempotency key and the keyed hash of what was asked for. */
  requestKey: string;
  contentHash: string;
  capacity: RecordConsentInput['capacity'];
  canRead: boolean;
  consent: SignedConsent;
  protocol: {
    protocolVersionId: string;
    version: string;
    slotTimeToLiveMs: number;
    reconsentDeadlineMs: number;
    hasEpro: boolean;
    /** Absent where the protocol has none. */
    screening?: { windowMs: number };
    eligibilitySignature?: { reminderMs: number; expiryMs: number };
    randomisation?: { autoRandomise: boolean; freesCapOnWithdrawal: boolean };
  };
  timing: TimingProfile;
} & AskedBy;

/** What every message of a person carries: which enrollment, the key and content hash, who and by which request. */
export type MessageEnvelope = {
  enrollmentId: string;
  key: string;
  contentHash: string;
} & AskedBy;

export type AwaitConsentRecorded = { enrollmentId: string; requestKey: string; contentHash: string };
export type ConsentRecorded = {
  /** The enrollment that this request belongs to: of an earlier run when the same request had started that one. */
  enrollmentId: string;
  stage: Stage;
  outcome: Outcome | null;
  consentId: string;
  validity: ConsentValidity;
  /** False when another request had started it. */
  started: boolean;
};

export type ResolveAction = 'retry' | 'skip' | 'abort';
export type ResolveStep = MessageEnvelope & { action: ResolveAction; reason: string };

export type WithdrawalScope = 'interventions' | 'all_data_collection' | 'samples';
export type Withdrawal = MessageEnvelope & {
  scope: WithdrawalScope;
  decidedBy: 'participant' | 'investigator' | 'sponsor';
  reason: string | null;
};

/** A renewed consent, or that the participant does not give one. */
export type ReConsent = MessageEnvelope & ({ consent: SignedConsent; declined?: undefined } | { consent?: undefined; declined: { reason: string | null } });
export type ReConsentRecorded =
  | { enrollmentId: string; consentId: string; validity: ConsentValidity }
  | { enrollmentId: string; declined: true };

export type ScreeningResults = MessageEnvelope & { results: Parameters<EdcActivities['recordScreeningResults']>[0]['input']['results'] };
export type Verdict = 'met' | 'failed' | 'incomplete';
export type ScreeningRecorded = {
  enrollmentId: string;
  recorded: number;
  /** Items without a value so far. */
  missing: string[];
  /** `not_evaluated`: recorded, but the enrollment was ended before the criteria were evaluated. */
  verdict: Verdict | 'not_evaluated';
  /** Codes of the criteria that failed. */
  failed: string[];
};

export type EligibilityDecision = MessageEnvelope & {
  decision: 'eligible' | 'not_eligible';
  reason: string | null;
  /** What the signature means (21 CFR 11.50), and the SHA-256 of what was seen when signing. */
  meaning: string;
  sha256: string | null;
};
export type EligibilityDecided = { enrollmentId: string; decision: 'eligible' | 'not_eligible'; decisionId: string; signedAt: string; sha256: string | null };

/** One way: the decision in force is invalidated, and another one is awaited. */
export type Invalidation = MessageEnvelope & { reason: string };
export type Invalidated = { enrollmentId: string; decisionId: string };

/** The site asks for the randomisation: the levels of the strata, and who has confirmed them. */
export type RandomisationRequest = MessageEnvelope & { strata: Record<string, string>; confirmedBy: string };
/** No arm: it never leaves Study but to those who may know it. */
export type RandomisationDone = { enrollmentId: string; randomisedAt: string };

export type Awaiting = { what: string; who: string; until: string | null };

/** Something that needs an operator: which step, since when, why (public text), and what may be done. */
export type AttentionItem = {
  step: string;
  /** Of the last failure. */
  since: string;
  code: string;
  why: string;
  actions: ResolveAction[];
  /** Of the first of the failures that followed each other, and how many attempts they were. */
  firstFailedAt: string;
  attempts: number;
  /** When it is tried again by itself; null: when an operator says so. */
  nextRoundAt: string | null;
};

/** Live details of a run. No personal data. */
export type EnrollmentView = {
  enrollmentId: string;
  stage: Stage;
  outcome: Outcome | null;
  pastPivot: boolean;
  needsAttention: boolean;
  stuckStep: string | null;
  attention: AttentionItem[];
  awaiting: Awaiting | null;
  subjectNumber: string | null;
  /** The steps that an abort would undo now, in the order in which that is done. */
  wouldUndo: string[];
  consentId: string | null;
  validity: ConsentValidity | null;
  /** Accepted, and applied as soon as it is known on which side of the pivot the run stands. */
  interruption: 'withdrawal' | 'abort' | 'expiry' | null;
  /** The message of the withdrawal that was accepted: repeating it is answered again after the run has ended. */
  withdrawnBy: { key: string; contentHash: string } | null;
};

export type EnrollmentResult = { enrollmentId: string; outcome: Outcome; subjectNumber: string | null };
