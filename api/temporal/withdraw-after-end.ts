import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import { DomainError } from '../../services/common/index.ts';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import { WITHDRAWAL_WORKFLOW_TYPE, type WithdrawParticipantInput, withdrawalWorkflowIdOf } from '../../workflows/withdraw-participant/messages.ts';
import type { EnrollmentGateway } from '../enrollment-gateway.ts';
import { type Engine, searchAttributesOf } from './engine.ts';
import { fromTemporal, keyReused, LateError } from './errors.ts';

type WithdrawAfterEnd = EnrollmentGateway['withdrawAfterEnd'];

/** Withdraws somebody whose run has ended, by a short workflow: durable without a worker, once per enrollment. */
export async function withdrawAfterEnd(
  engine: Engine,
  [{ contentHash, ...withdrawal }, { repeatedOnly }]: Parameters<WithdrawAfterEnd>,
): ReturnType<WithdrawAfterEnd> {
  const { client, timing, publicUrl, waits, within } = engine;
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
