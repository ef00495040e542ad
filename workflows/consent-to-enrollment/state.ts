import {
  type ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { type ServiceActivities, serviceActivities } from '../activity-proxies.ts';
import { AttentionBoard, refusal } from '../attention.ts';
import { Saga } from '../saga.ts';
import { searchAttributes } from '../search-attributes.ts';
import { currentDetails } from './details.ts';
import { reportAttention, reportProgress } from './report.ts';
import type { StepName } from './steps.ts';
import type {
  ActingUser,
  Awaiting,
  ConsentRecorded,
  ConsentValidity,
  EnrollmentInput,
  EnrollmentView,
  Outcome,
  ReConsent,
  ReConsentRecorded,
  ResolveAction,
  Stage,
  Withdrawal,
  WorkflowCtx,
} from './types.ts';

/** What ends the way to the pivot from outside: a withdrawal, an operator's abort. */
export type Interruption =
  | { kind: 'withdrawal'; withdrawal: Withdrawal }
  | { kind: 'abort'; reason: string; actor: ActingUser; requestId: string };

/** The state of one run, and the few ways in which its steps run. */
export class Enrollment {
  readonly input: EnrollmentInput;
  readonly activities: ServiceActivities;
  readonly attention: AttentionBoard;
  readonly saga: Saga;

  stage: Stage = 'consent';
  outcome: Outcome | null = null;
  /** Why the outcome is what it is: a code, no personal data. */
  outcomeReason: string | null = null;
  enrolled = false;
  pastPivot = false;
  awaiting: Awaiting | null = null;
  subjectNumber: string | null = null;
  consent: { consentId: string; validity: ConsentValidity; signedAt: string } | null = null;
  /** What the awaiting POST is told once step 1 is through, or why it never will be. */
  firstAnswer: { recorded: ConsentRecorded } | { failed: { code: string; why: string } } | null = null;
  reConsent: ReConsent | null = null;
  /** Undoing has begun, or the outcome stands: too late for an operator's abort. */
  closing = false;
  readonly reConsentAnswer = new Map<string, ReConsentRecorded | ApplicationFailure>();
  interruption: Interruption | null = null;
  /** Which threshold of the site's cap this enrollment has crossed. */
  capNotice: { kind: 'cap_near' | 'cap_reached'; confirmedCount: number; cap: number } | null = null;
  parkedAfterOutcome = false;
  #revision = 0;
  #interruptible: CancellationScope | null = null;

  constructor(input: EnrollmentInput) {
    this.input = input;
    this.activities = serviceActivities(input.timing);
    this.attention = new AttentionBoard((event, item) => {
      if (this.outcome) this.parkedAfterOutcome = true;
      reportAttention(this, event, item);
    });
    this.saga = new Saga(this.attention, input.timing.roundMs);
    this.showDetails();
  }

  /** Moves to the next stage: search attributes and current details move with it. */
  enter(stage: Stage): void {
    this.stage = stage;
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: stage },
      ...(stage === 'slot' && this.subjectNumber ? [{ key: searchAttributes.subjectNumber, value: this.subjectNumber }] : []),
    ]);
    this.showDetails();
  }

  /** Key of a step's effect. `retry` keeps the round; a real repetition has the next one. */
  key(step: string, round = 1): string {
    return `${this.input.enrollmentId}/${step}/${round}`;
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

  /** Who acts, on whose behalf, by which request: into every audit row. */
  get ctx(): WorkflowCtx {
    const by = this.interruption?.kind === 'withdrawal' ? this.interruption.withdrawal : (this.interruption ?? this.input);
    return {
      actor: {
        kind: 'workflow',
        workflow: workflowInfo().workflowId,
        onBehalfOf: { id: by.actor.id, name: by.actor.name, role: by.actor.role },
      },
      requestId: by.requestId,
      ...(this.interruption ? { reason: this.interruptionReason } : {}),
    };
  }

  get interruptionReason(): string {
    if (this.interruption?.kind === 'withdrawal') return this.interruption.withdrawal.reason ?? 'withdrawal';
    return this.interruption?.reason ?? '';
  }

  get #withdrawnBy(): EnrollmentView['withdrawnBy'] {
    if (this.interruption?.kind !== 'withdrawal') return null;
    const { key, contentHash } = this.interruption.withdrawal;
    return { key, contentHash };
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

  /**
   * Runs a step; when its bounded retries end, parks until an operator says what to do. `retry` runs it again
   * under the same key; `abort` ends it as cancelled.
   */
  step<T>(name: StepName, run: () => Promise<T>): Promise<T> {
    return this.#attempt(name, run, ['retry', 'abort']) as Promise<T>;
  }

  /** A step without which the protocol may go on: `skip` answers undefined. Before the pivot also `abort`. */
  skippableStep<T>(name: StepName, run: () => Promise<T>): Promise<T | undefined> {
    return this.#attempt(name, run, this.pastPivot || this.outcome ? ['retry', 'skip'] : ['retry', 'skip', 'abort']);
  }

  /** Parks on a failure that has been settled already: returns when an operator says `retry`. */
  async askOperator(name: StepName, failure: unknown): Promise<void> {
    await this.#park(name, failure, ['retry', 'abort']);
  }

  async #attempt<T>(name: StepName, run: () => Promise<T>, actions: ResolveAction[]): Promise<T | undefined> {
    for (;;) {
      try {
        return await run();
      } catch (failure) {
        if (isCancellation(failure)) throw failure;
        if ((await this.#park(name, failure, actions)) === 'skip') return undefined;
      }
    }
  }

  async #park(name: StepName, failure: unknown, actions: ResolveAction[]): Promise<ResolveAction> {
    // After the pivot a step goes on in rounds of its own; before it, only a person may decide.
    const rounds = this.pastPivot || this.outcome ? { timeoutMs: this.input.timing.roundMs } : {};
    const { action } = await this.attention.park(name, failure, { actions, ...rounds });
    if (action === 'abort') throw new CancelledFailure('aborted by an operator');
    return action;
  }

  /** Ends what is under way in `interruptibly`, as soon as that may be. */
  interrupt(interruption: Interruption): void {
    // A participant's word outranks an operator's; a second withdrawal changes nothing.
    if (this.interruption?.kind === 'withdrawal') return;
    this.interruption = interruption;
    this.#interruptible?.cancel();
    this.showDetails();
  }

  /** An operator's abort: also of a step that is parked outside of `interruptibly`, such as step 1. */
  abort(by: { reason: string; actor: ActingUser; requestId: string }): void {
    this.attention.abort(by.reason);
    this.interrupt({ kind: 'abort', ...by });
  }

  /** An abort that was accepted while the pivot was being passed came too late: what came out stands. */
  dropAbort(): void {
    if (this.interruption?.kind !== 'abort') return;
    this.interruption = null;
    this.showDetails();
  }

  /** Runs `work` so that a withdrawal or an abort ends it at once; answers `interrupted` then. */
  async interruptibly<T>(work: () => Promise<T>): Promise<T | 'interrupted'> {
    if (this.interruption) return 'interrupted';
    const scope = new CancellationScope({ cancellable: true });
    this.#interruptible = scope;
    try {
      return await scope.run(work);
    } catch (failure) {
      if (isCancellation(failure) && this.interruption) return 'interrupted';
      throw failure;
    } finally {
      this.#interruptible = null;
    }
  }

  /** Begins or ends a wait for a person: shown, and written to the record in Study. */
  setAwaiting(awaiting: Awaiting | null): Promise<unknown> {
    this.awaiting = awaiting;
    this.showDetails();
    return reportProgress(this);
  }

  showDetails(): void {
    setCurrentDetails(currentDetails(this.view()));
  }

  view(): EnrollmentView {
    return {
      enrollmentId: this.input.enrollmentId,
      stage: this.stage,
      outcome: this.outcome,
      pastPivot: this.pastPivot,
      needsAttention: this.attention.items.length > 0,
      stuckStep: this.attention.stuckStep,
      attention: this.attention.items,
      awaiting: this.awaiting,
      subjectNumber: this.subjectNumber,
      consentId: this.consent?.consentId ?? null,
      validity: this.consent?.validity ?? null,
      interruption: this.interruption?.kind ?? null,
      withdrawnBy: this.#withdrawnBy,
    };
  }

  /** Refuses a message that was meant for another run of the same person and study. */
  refuseOther(enrollmentId: string): void {
    if (enrollmentId !== this.input.enrollmentId) {
      throw refusal('other_enrollment', 'Another enrollment of this person is running by now.');
    }
  }
}
