import type { Incident } from '../services/common/index.ts';
import type {
  ConsentRecorded,
  EnrollmentInput,
  EligibilityDecided,
  EligibilityDecision,
  EnrollmentView,
  Invalidated,
  Invalidation,
  Outcome,
  RandomisationDone,
  RandomisationRequest,
  ReConsent,
  ReConsentRecorded,
  ResolveStep,
  ScreeningRecorded,
  ScreeningResults,
  Stage,
  Withdrawal,
} from '../workflows/consent-to-enrollment/types.ts';
import type { ReportCodeBreakInput } from '../workflows/report-code-break/messages.ts';
import type { WithdrawParticipantInput } from '../workflows/withdraw-participant/messages.ts';

export type StartEnrollment = Omit<EnrollmentInput, 'timing'>;

/**
 * `pending`: the run exists and can be found, but has not answered in time. `overtaken`: nothing was started, because
 * an enrollment of this person in this study has ended since the caller looked.
 */
export type Started = { kind: 'recorded'; result: ConsentRecorded } | { kind: 'pending'; enrollmentId: string } | { kind: 'overtaken' };

/** Which run is meant. Its workflow id is made of the two latter; the enrollment's id tells runs of a person apart. */
export type RunRef = { enrollmentId: string; studyCode: string; patientId: string };

/** What Temporal's list knows of a run. */
export type FoundRun = RunRef & {
  siteCode: string;
  stage: Stage;
  outcome: Outcome | null;
  needsAttention: boolean;
  startedAt: string;
};

/** `none`: the run of this enrollment has ended and is gone; `unavailable`: Temporal or its workers are away. */
export type Live = { kind: 'live'; view: EnrollmentView } | { kind: 'none' } | { kind: 'unavailable' };

/** A withdrawal after the run has ended: a short process of its own. */
export type WithdrawalAfterEnd = Omit<WithdrawParticipantInput, 'timing'> & { contentHash: string };

/** A code-break or a refused attempt: whom it concerns is told by a short process of its own. */
export type CodeBreakToReport = Omit<ReportCodeBreakInput, 'timing'>;

/** `accepted`: durable, no worker has answered yet; `ended`: the run is over, nobody is there to take the message. */
export type Withdrawn = { kind: 'applied'; view: EnrollmentView } | { kind: 'accepted' } | { kind: 'ended' };

/**
 * The API's only way to the workflow engine. Messages carry the caller's key: repeating one with the same key and
 * content changes nothing. Every call is bounded in time. What a run refuses comes as DomainError with its code;
 * an engine that is away as `workflow_engine_unavailable`; an answer that didn't come as `outcome_unknown`
 * (both 503, safe to repeat).
 */
export type EnrollmentGateway = {
  /**
   * Starts the run, or joins the one that this person has in this study, and waits for the consent to be recorded.
   * Where one has ended, another is only started when it `mayFollow`; otherwise the answer is `overtaken`.
   */
  start(input: StartEnrollment, options: { mayFollow: boolean }): Promise<Started>;
  /** The run of this enrollment by its search attribute, also when it has closed. Eventually consistent. */
  find(enrollmentId: string): Promise<FoundRun | null>;
  view(run: RunRef): Promise<Live>;
  withdraw(run: RunRef, withdrawal: Withdrawal): Promise<Withdrawn>;
  /** `repeatedOnly`: starts nothing, answers only the request that was taken before; another one is `already_withdrawn`. */
  withdrawAfterEnd(withdrawal: WithdrawalAfterEnd, options: { repeatedOnly: boolean }): Promise<{ kind: 'applied' } | { kind: 'accepted' }>;
  /** Starts the report, or leaves the one that was started; nobody waits for what it does. */
  reportCodeBreak(report: CodeBreakToReport): Promise<void>;
  /** The same for an incident. */
  reportIncident(incident: Incident): Promise<void>;
  resolveStep(run: RunRef, resolution: ResolveStep): Promise<EnrollmentView>;
  recordConsent(run: RunRef, consent: ReConsent): Promise<ReConsentRecorded>;
  recordScreening(run: RunRef, results: ScreeningResults): Promise<ScreeningRecorded>;
  signEligibility(run: RunRef, decision: EligibilityDecision): Promise<EligibilityDecided>;
  invalidateEligibility(run: RunRef, invalidation: Invalidation): Promise<Invalidated>;
  requestRandomisation(run: RunRef, request: RandomisationRequest): Promise<RandomisationDone>;
};
