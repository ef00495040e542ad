import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type AssertionSigner, DomainError, type User } from '../../services/common/index.ts';
import { resolveStep as resolveShort } from '../../workflows/attention-messages.ts';
import { resolveStep, WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { ResolveAction } from '../../workflows/consent-to-enrollment/types.ts';
import { called, EngineLateError, type OpsEngine } from './engine.ts';
import type { ListedRun } from './open-runs.ts';

/** Who says it, why and under which key: the same key again has no second effect. */
export type OperatorsWord = { actor: User; reason: string; requestId: string; key: string };

/** The API answers for what operators ask, whichever way they ask it. */
export type Signing = { assert: AssertionSigner; contentHash: (content: unknown) => string };

const ANSWER_MS = 4000;

/**
 * Tells a run what to do with the step that is stuck. Throws what the run refuses with its code (`not_parked`,
 * `cannot_skip`, `too_late`), `run_has_ended`, or `outcome_unknown` when no worker answers: repeat it with the same key.
 */
export async function resolveRun(engine: OpsEngine, run: Pick<ListedRun, 'workflowId' | 'runId' | 'workflowType' | 'enrollmentId'>, asked: OperatorsWord & { action: ResolveAction; signing: Signing }): Promise<void> {
  const { action, reason, actor, requestId, key, signing } = asked;
  const { enrollmentId } = run;
  const body = { action, reason };
  const contentHash = signing.contentHash({ enrollmentId, verb: 'resolveStep', body });
  const handle = engine.client.workflow.getHandle(run.workflowId, run.runId);
  const options = { updateId: `${key}/${contentHash}` };
  const about = enrollmentId ?? run.workflowId;
  const assertion = await signing.assert({ actor, operation: 'resolveEnrollment', about, key, content: body, said: { action } });
  const said = { actor, requestId, assertion, ...body };
  try {
    await called<unknown>(
      engine,
      () => run.workflowType === WORKFLOW_TYPE && enrollmentId !== null
        ? handle.executeUpdate(resolveStep, { ...options, args: [{ ...said, enrollmentId, key, contentHash }] })
        : handle.executeUpdate(resolveShort, { ...options, args: [said] }),
      ANSWER_MS,
    );
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Of the server itself: no worker has answered, or even looked at it. */
const UNANSWERED = ['AcceptedUpdateCompletedWorkflow', 'UnprocessedUpdate'];

function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) return error.cause instanceof ApplicationFailure && UNANSWERED.includes(error.cause.type ?? '');
  return error instanceof EngineLateError || (error instanceof Error && error.name.startsWith('WorkflowUpdateRPCTimeout'));
}

function refusalOf(error: unknown): unknown {
  if (isUnanswered(error)) {
    return new DomainError('unavailable', 'outcome_unknown', 'No worker has answered in time: look at the queues, and repeat it with the same key to learn the outcome.');
  }
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && error.cause.type) {
    return new DomainError('conflict', error.cause.type, error.cause.message);
  }
  if (error instanceof WorkflowNotFoundError) return new DomainError('conflict', 'run_has_ended', 'This run has ended: there is nothing to decide any more.');
  return error;
}
