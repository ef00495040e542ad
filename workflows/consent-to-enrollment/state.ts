import { type ApplicationFailure, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { type ServiceActivities, serviceActivities } from '../activity-proxies.ts';
import { AttentionBoard, refusal } from '../attention.ts';
import { Deadlines } from '../deadlines.ts';
import { trial } from '../observe.ts';
import { Saga } from '../saga.ts';
import { searchAttributes } from '../search-attributes.ts';
import { actingFor } from './acting.ts';
import { type Interruption, Interruptions } from './interruption.ts';
import { reportAttention, reportProgress } from './report.ts';
import { Requests } from './requests.ts';
import type { AskedBy, Awaiting, ConsentRecorded, ConsentValidity, EnrollmentInput, EnrollmentView, Outcome } from './types.ts';
import type { ReConsent, ReConsentRecorded, Stage, WorkflowCtx } from './types.ts';
import { Steps } from './run-step.ts';
import { SearchableAwaiting } from './searchable-awaiting.ts';
import { detailsOf, viewOf } from './view.ts';

/** The state of one run. */
export class Enrollment extends Steps {
  readonly input: EnrollmentInput;
  readonly activities: ServiceActivities;
  readonly attention: AttentionBoard;
  readonly saga: Saga;

  stage: Stage = 'consent';
  outcome: Outcome | null = null;
  /** The outcome on its way to the record: what is accepted from here on could not be part of it any more. */
  recording: Outcome | null = null;
  /** Why the outcome is what it is: a code, no personal data. */
  outcomeReason: string | null = null;
  enrolled = false;
  pastPivot = false;
  awaiting: Awaiting | null = null;
  subjectNumber: string | null = null;
  /** The consent that was signed last. */
  consent: { consentId: string; validity: ConsentValidity; signedAt: string; version: string; language: string } | null = null;
  /** When the first consent was signed: the screening window counts from it. */
  firstSignedAt: string | null = null;
  /** What the awaiting POST is told once step 1 is through, or why it never will be. */
  firstAnswer: { recorded: ConsentRecorded } | { failed: { code: string; why: string } } | null = null;
  reConsent: ReConsent | null = null;
  /** Undoing has begun, or the outcome stands: too late for an operator's abort. */
  closing = false;
  readonly reConsentAnswer = new Map<string, ReConsentRecorded | ApplicationFailure>();
  readonly requests = new Requests();
  /** A desk of its own: at step 8 the signature may be invalidated, too. */
  readonly randomisations = new Requests();
  readonly deadlines = new Deadlines(() => this.showDetails());
  /** While a slot is held that is not confirmed: until when, in milliseconds. */
  slotHeldUntil: number | null = null;
  /** Deviations on their way to the log: no step waits for them, but the outcome. */
  unlogged = 0;
  /** The criteria that have failed, for the record of a screen failure. */
  failedCriteria: string[] = [];
  /** Which threshold of the site's cap this enrollment has crossed. */
  capNotice: { kind: 'cap_near' | 'cap_reached'; confirmedCount: number; cap: number } | null = null;
  parkedAfterOutcome = false;
  #revision = 0;
  readonly #rounds = new Map<string, number>();
  readonly #reConsentUntil = new Map<string, number>();
  readonly #interruptions = new Interruptions();
  readonly #searchable = new SearchableAwaiting();
  #stageSince = Date.now();

  constructor(input: EnrollmentInput) {
    super();
    this.input = input;
    this.activities = serviceActivities(input.timing);
    this.attention = new AttentionBoard(input.timing, (event, item) => {
      if (this.outcome) this.parkedAfterOutcome = true;
      reportAttention(this, event, item);
    });
    this.saga = new Saga(this.attention, input.timing.roundMs);
    this.showDetails();
  }

  /** Moves to the next stage: search attributes and current details move with it. */
  enter(stage: Stage): void {
    this.leaveStage();
    this.stage = stage;
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: stage },
      ...(stage === 'slot' && this.subjectNumber ? [{ key: searchAttributes.subjectNumber, value: this.subjectNumber }] : []),
    ]);
    this.showDetails();
  }

  /** The stage is over: how long it took is told. */
  leaveStage(): void {
    const now = Date.now();
    trial.stageEnded(this.stage, (now - this.#stageSince) / 1000);
    this.#stageSince = now;
  }

  /** The consent version that was signed last, as the steps that ask for it again take it. */
  get signedVersion(): { consent?: { version: string; language: string } } {
    const { consent } = this;
    return consent ? { consent: { version: consent.version, language: consent.language } } : {};
  }

  /** Until when the consent on this version is waited for: the deadline doesn't begin anew. Milliseconds. */
  reConsentUntil(version: string): number {
    const until = this.#reConsentUntil.get(version) ?? Date.now() + this.input.protocol.reconsentDeadlineMs;
    this.#reConsentUntil.set(version, until);
    return until;
  }

  /** When the screening window ends, in milliseconds; null where the protocol has none, or before the first signature. */
  get windowEnds(): number | null {
    const { screening } = this.input.protocol;
    return screening && this.firstSignedAt ? Date.parse(this.firstSignedAt) + screening.windowMs : null;
  }

  /** Key of a step's effect. `retry` keeps the round; a real repetition has the next one. */
  key(step: string, round = 1): string {
    return `${this.input.enrollmentId}/${step}/${round}`;
  }

  /** Key of the next real repetition of a step: a new reservation, another evaluation, another signature. */
  nextKey(step: string): string {
    const round = (this.#rounds.get(step) ?? 0) + 1;
    this.#rounds.set(step, round);
    return this.key(step, round);
  }

  /** The outcome that the steps have come to, and why. */
  ends(outcome: Outcome, reason: string): Outcome {
    this.outcomeReason = reason;
    return outcome;
  }

  nextRevision(): number {
    this.#revision += 1;
    return this.#revision;
  }

  get interruption(): Interruption | null {
    return this.#interruptions.current;
  }

  /** Who acts, on whose behalf, by which request: into every audit row. */
  get ctx(): WorkflowCtx {
    return actingFor(this);
  }

  /** What every change of the enrollment record in Study carries. */
  get identity() {
    const { enrollmentId, studyId, studyCode, siteId, siteCode, patientId, requestKey, contentHash, rescreenOf, protocol } =
      this.input;
    return {
      enrollmentId, studyId, studyCode, siteId, siteCode, patientId, requestKey, contentHash, rescreenOf,
      protocolVersionId: protocol.protocolVersionId,
    };
  }

  /** Ends what is under way in `interruptibly`, as soon as that may be. */
  interrupt(interruption: Interruption): void {
    if (this.#interruptions.take(interruption)) this.showDetails();
  }

  /** An operator's abort: also of a step that is parked outside of `interruptibly`, such as step 1. */
  abort(by: AskedBy & { reason: string }): void {
    this.attention.abort(by.reason);
    this.interrupt({ kind: 'abort', ...by });
  }

  /** What was accepted while the pivot was being passed came too late, unless it is a withdrawal. */
  dropWhatIsTooLate(): void {
    if (this.#interruptions.dropWhatIsTooLate()) this.showDetails();
  }

  /** Runs `work` so that a withdrawal, an abort or a deadline ends it at once; answers `interrupted` then. */
  interruptibly<T>(work: () => Promise<T>): Promise<T | 'interrupted'> {
    return this.#interruptions.interruptibly(work);
  }

  /** Begins or ends a wait for a person: shown, and written to the record in Study. */
  setAwaiting(awaiting: Awaiting | null): Promise<unknown> {
    this.#nowAwaiting(awaiting);
    return reportProgress(this);
  }

  /** Ends a wait that something else ends with it, which writes the record itself. */
  stopAwaiting(): void {
    if (this.awaiting) this.#nowAwaiting(null);
  }

  #nowAwaiting(awaiting: Awaiting | null): void {
    this.awaiting = awaiting;
    this.showDetails();
    this.#searchable.show(awaiting);
  }

  showDetails(): void {
    setCurrentDetails(detailsOf(this));
  }

  view(): EnrollmentView {
    return viewOf(this);
  }

  /** Refuses a message that was meant for another run of the same person and study. */
  refuseOther(enrollmentId: string): void {
    if (enrollmentId !== this.input.enrollmentId) {
      throw refusal('other_enrollment', 'Another enrollment of this person is running by now.');
    }
  }
}
