import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { type SearchAttributePair, type UpdateDefinition, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { DomainError } from '../services/common/index.ts';
import {
  awaitConsentRecorded,
  enrollmentView,
  recordConsent,
  resolveStep,
  TASK_QUEUE,
  withdraw,
  withdrawSignal,
  WORKFLOW_TYPE,
  workflowIdOf,
} from '../workflows/consent-to-enrollment/messages.ts';
import type { EnrollmentInput, MessageEnvelope, Outcome, Stage, Withdrawal } from '../workflows/consent-to-enrollment/types.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { WITHDRAWAL_WORKFLOW_TYPE, type WithdrawParticipantInput, withdrawalWorkflowIdOf } from '../workflows/withdraw-participant/messages.ts';
import type { TimingProfile } from '../workflows/timing.ts';
import type { EnrollmentGateway, FoundRun, Live, RunRef, StartEnrollment, Withdrawn } from './enrollment-gateway.ts';
import { engineUnavailable, fromTemporal, LateError, outcomeUnknown, runHasEnded } from './temporal-errors.ts';

/** How long the API waits, in milliseconds. */
export type GatewayWaits = {
  /** For the answer of an Update, and for a Signal to be stored. */
  answerMs: number;
  /** For live details. */
  viewMs: number;
  /** For a started run to show up in Temporal's list, and between two looks. */
  visibleMs: number;
  lookEveryMs: number;
};

/** Lets the client's own, better explained error come first. */
const GRACE_MS = 50;

const WAITS: GatewayWaits = { answerMs: 2000, viewMs: 500, visibleMs: 2000, lookEveryMs: 50 };

/** The gateway on a real Temporal. This and its errors are all of the API that knows Temporal's client. */
export function temporalEnrollmentGateway(options: {
  client: Client;
  /** Given to each new run, which keeps it. */
  timing: TimingProfile;
  /** Where the REST API is reached, for the links in the Temporal UI. */
  publicUrl: string;
  waits?: Partial<GatewayWaits>;
}): EnrollmentGateway {
  const { client, timing, publicUrl } = options;
  const waits = { ...WAITS, ...options.waits };
  const within = <T>(ms: number, work: () => Promise<T>) => inTime(ms, client.withDeadline(Date.now() + ms, work));

  /** Sends an Update with the caller's key and waits for its result. */
  function update<R, M extends MessageEnvelope>(run: RunRef, definition: UpdateDefinition<R, [M]>, message: M): Promise<R> {
    const handle = client.workflow.getHandle(workflowIdOf(run));
    return within(waits.answerMs, () =>
      handle.executeUpdate(definition, { args: [message], updateId: `${message.key}/${message.contentHash}` }),
    );
  }

  async function find(enrollmentId: string): Promise<FoundRun | null> {
    const query = `EnrollmentId = "${enrollmentId}" AND WorkflowType = "${WORKFLOW_TYPE}"`;
    try {
      return await within(waits.answerMs, async () => {
        for await (const { workflowId, typedSearchAttributes: known, startTime } of client.workflow.list({ query, pageSize: 1 })) {
          const [, studyCode = '', patientId = ''] = workflowId.split('/');
          return {
            enrollmentId,
            studyCode,
            patientId,
            siteCode: known.get(searchAttributes.siteCode) ?? '',
            stage: (known.get(searchAttributes.stage) ?? 'consent') as Stage,
            outcome: (known.get(searchAttributes.outcome) ?? null) as Outcome | null,
            needsAttention: known.get(searchAttributes.needsAttention) ?? false,
            startedAt: startTime.toISOString(),
          };
        }
        return null;
      });
    } catch (error) {
      throw fromTemporal(error);
    }
  }

  /** The run that a start with this content began or joined although nobody answered, or null when there is none. */
  async function begun(input: StartEnrollment): Promise<string | null> {
    try {
      const run = await within(waits.answerMs, () => client.workflow.getHandle(workflowIdOf(input)).describe());
      const same = run.status.name === 'RUNNING' && run.memo?.['contentHash'] === input.contentHash;
      return same ? (run.typedSearchAttributes.get(searchAttributes.enrollmentId) ?? null) : null;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw fromTemporal(error);
    }
  }

  /** 202 promises that a GET finds the enrollment, so it is only given once the list does. */
  async function visible(enrollmentId: string): Promise<boolean> {
    const until = Date.now() + waits.visibleMs;
    for (;;) {
      if (await find(enrollmentId)) return true;
      if (Date.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, waits.lookEveryMs));
    }
  }

  async function view(run: RunRef): Promise<Live> {
    try {
      const handle = client.workflow.getHandle(workflowIdOf(run));
      const seen = await within(waits.viewMs, () => handle.query(enrollmentView));
      return seen.enrollmentId === run.enrollmentId ? { kind: 'live', view: seen } : { kind: 'none' };
    } catch (error) {
      return error instanceof WorkflowNotFoundError ? { kind: 'none' } : { kind: 'unavailable' };
    }
  }

  /** The run may have taken this very withdrawal before it ended: by a Signal, which nobody saw answered. */
  async function ofEndedRun(run: RunRef, { key, contentHash }: Withdrawal): Promise<Withdrawn> {
    const seen = await view(run);
    if (seen.kind !== 'live' || seen.view.withdrawnBy?.key !== key) return { kind: 'ended' };
    if (seen.view.withdrawnBy.contentHash !== contentHash) throw keyReused();
    return { kind: 'applied', view: seen.view };
  }

  return {
    find,

    start: async (input, { mayFollow }) => {
      const startWorkflowOperation = new WithStartWorkflowOperation<(input: EnrollmentInput) => Promise<unknown>>(WORKFLOW_TYPE, {
        workflowId: workflowIdOf(input),
        taskQueue: TASK_QUEUE,
        args: [{ ...input, timing }],
        memo: { contentHash: input.contentHash },
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        workflowIdReusePolicy: mayFollow ? WorkflowIdReusePolicy.ALLOW_DUPLICATE : WorkflowIdReusePolicy.REJECT_DUPLICATE,
        typedSearchAttributes: searchAttributesOf({ ...input, stage: 'consent' }),
        staticSummary: `Consent to enrollment: ${input.studyCode} at ${input.siteCode}`,
        staticDetails: detailsOf(input, publicUrl),
      });
      const { enrollmentId, requestKey, contentHash } = input;
      try {
        const result = await within(waits.answerMs, () =>
          client.workflow.executeUpdateWithStart(awaitConsentRecorded, {
            args: [{ enrollmentId, requestKey, contentHash }],
            updateId: `${requestKey}/${contentHash}`,
            startWorkflowOperation,
          }),
        );
        return { kind: 'recorded', result };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return { kind: 'overtaken' };
        if (!unanswered(error)) throw fromTemporal(error);
      }
      const pending = await begun(input);
      if (pending !== null && (await visible(pending))) return { kind: 'pending', enrollmentId: pending };
      throw outcomeUnknown();
    },

    view,

    withdraw: async (run, withdrawal) => {
      try {
        return { kind: 'applied', view: await update(run, withdraw, withdrawal) };
      } catch (error) {
        if (runHasEnded(error)) return ofEndedRun(run, withdrawal);
        if (!unanswered(error)) throw fromTemporal(error);
      }
      // A withdrawal may not depend on a worker being up: the Signal is durable without one and has the same key.
      try {
        const handle = client.workflow.getHandle(workflowIdOf(run));
        await within(waits.answerMs, () => handle.signal(withdrawSignal, withdrawal));
        return { kind: 'accepted' };
      } catch (error) {
        if (runHasEnded(error)) return ofEndedRun(run, withdrawal);
        throw unanswered(error) ? engineUnavailable() : fromTemporal(error);
      }
    },

    withdrawAfterEnd: async ({ contentHash, ...withdrawal }, { repeatedOnly }) => {
      const { enrollmentId, studyCode, siteCode } = withdrawal.identity;
      const workflowId = withdrawalWorkflowIdOf(enrollmentId);
      const memo = { key: withdrawal.key, contentHash };
      const refuseOther = () => refuseOtherWithdrawal(client, workflowId, memo);
      const begin = async () => {
        try {
          await client.workflow.start<(input: WithdrawParticipantInput) => Promise<unknown>>(WITHDRAWAL_WORKFLOW_TYPE, {
            workflowId,
            taskQueue: TASK_QUEUE,
            args: [{ ...withdrawal, timing }],
            memo,
            workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
            typedSearchAttributes: searchAttributesOf({ enrollmentId, studyCode, siteCode, stage: 'activation' }),
            staticSummary: `Withdrawal after enrollment: ${studyCode} at ${siteCode}`,
            staticDetails: `[Enrollment](${publicUrl}/api/v1/enrollments/${enrollmentId})`,
          });
        } catch (error) {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
          await refuseOther();
        }
      };
      try {
        await within(waits.answerMs, repeatedOnly ? refuseOther : begin);
      } catch (error) {
        throw fromTemporal(error);
      }
      try {
        await within(waits.answerMs, () => client.workflow.getHandle(workflowId).result());
        return { kind: 'applied' };
      } catch (error) {
        // It is durable by now; that nobody has carried it out yet is no failure.
        if (isGrpcServiceError(error) || error instanceof ServiceError || error instanceof LateError) return { kind: 'accepted' };
        throw fromTemporal(error);
      }
    },

    resolveStep: async (run, resolution) => answered(update(run, resolveStep, resolution)),
    recordConsent: async (run, consent) => answered(update(run, recordConsent, consent)),
  };
}

/** The withdrawal that was started first stands: the same request is answered again, another one is refused. */
async function refuseOtherWithdrawal(client: Client, workflowId: string, asked: { key: string; contentHash: string }): Promise<void> {
  const memo = await memoOf(client, workflowId);
  if (memo?.['key'] !== asked.key) throw new DomainError('conflict', 'already_withdrawn', 'The participant has been withdrawn already.');
  if (memo['contentHash'] !== asked.contentHash) throw keyReused();
}

async function memoOf(client: Client, workflowId: string): Promise<Record<string, unknown> | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).memo;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function keyReused(): DomainError {
  return new DomainError('conflict', 'key_reused', 'This idempotency key was used for other content; use a new key.');
}

async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (runHasEnded(error)) {
      throw new DomainError('conflict', 'enrollment_closed', 'The enrollment has its outcome already.');
    }
    throw unanswered(error) ? outcomeUnknown() : fromTemporal(error);
  }
}

function unanswered(error: unknown): boolean {
  return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof LateError;
}

/** A hard bound: the client's own deadline does not cover its waits between retries. */
async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError('no answer in time')), ms + GRACE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Searchable = { enrollmentId: string; studyCode: string; siteCode: string; stage: Stage };

function searchAttributesOf({ enrollmentId, studyCode, siteCode, stage }: Searchable): SearchAttributePair[] {
  return [
    { key: searchAttributes.enrollmentId, value: enrollmentId },
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.studyCode, value: studyCode },
    { key: searchAttributes.siteCode, value: siteCode },
    { key: searchAttributes.needsAttention, value: false },
  ];
}

/** Markdown for the case page of the Temporal UI; plaintext there, so ids and codes only. */
function detailsOf({ enrollmentId, studyCode, siteCode, protocol }: StartEnrollment, publicUrl: string): string {
  const resource = `${publicUrl}/api/v1/enrollments/${enrollmentId}`;
  return [
    `| | |`,
    `|---|---|`,
    `| Study | ${studyCode}, protocol version ${protocol.version} |`,
    `| Site | ${siteCode} |`,
    `| Enrollment | [${enrollmentId}](${resource}) |`,
    '',
    `What happened so far: [timeline](${resource}/timeline)`,
  ].join('\n');
}
