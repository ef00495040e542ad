import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import { DomainError, type User } from '../../services/common/index.ts';
import { bulkProgress, BULK_WORKFLOW_TYPE, bulkWorkflowIdOf, type BulkProgress, type RetryStuckInput, type ToRetry } from '../../workflows/retry-stuck/messages.ts';
import { OPERATIONS_QUEUE } from '../../workflows/watch-for-stuck/messages.ts';
import { called, OPEN, type OpsEngine } from './engine.ts';
import { type ListedRun, listRuns } from './open-runs.ts';

export type BulkState = BulkProgress & { bulkId: string; state: 'running' | 'done' | 'stopped' };

/** The stuck runs that a query finds, at most `limit`. Throws `bad_query` with what Temporal says of it. */
export async function findToRetry(engine: OpsEngine, { query, limit }: { query: string; limit: number }): Promise<ListedRun[]> {
  try {
    const { runs } = await listRuns(engine, { query: `${OPEN} AND NeedsAttention = true${query === '' ? '' : ` AND (${query})`}`, limit });
    return runs;
  } catch (error) {
    // INVALID_ARGUMENT of gRPC.
    if ((error as { code?: unknown }).code !== 3) throw error;
    throw new DomainError('invalid', 'bad_query', `Temporal can't read the query: ${(error as { details?: string }).details ?? ''}`);
  }
}

/** Begins the retry of these runs, once for each id of a bulk; it goes on whatever becomes of whoever asked. */
export async function startBulk(engine: OpsEngine, asked: { bulkId: string; runs: readonly ToRetry[]; rate: number; reason: string; actor: User; requestId: string }): Promise<void> {
  const { bulkId, runs, rate, reason, actor, requestId } = asked;
  const input: RetryStuckInput = { bulkId, rate, reason, actor, requestId, runs: runs.map(({ workflowId, runId, workflowType, enrollmentId }) => ({ workflowId, runId, workflowType, enrollmentId })) };
  const start = () =>
    engine.client.workflow.start<(given: RetryStuckInput) => Promise<BulkProgress>>(BULK_WORKFLOW_TYPE, {
      workflowId: bulkWorkflowIdOf(bulkId), taskQueue: OPERATIONS_QUEUE, args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `An operator retries ${runs.length} stuck runs`,
      staticDetails: `Who and why is in the audit trail of Study. How far it is: \`GET /api/v1/ops/retries/${bulkId}\`, or \`ops retry --resume ${bulkId}\``,
    });
  await called(engine, start).catch((error: unknown) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

/** How far a bulk has come. Throws `bulk_not_found`, and `EngineLateError` when no worker of the operators' queue answers. */
export async function bulkState(engine: OpsEngine, bulkId: string): Promise<BulkState> {
  const handle = engine.client.workflow.getHandle(bulkWorkflowIdOf(bulkId));
  try {
    const { status } = await called(engine, () => handle.describe());
    const progress = await called(engine, () => handle.query(bulkProgress));
    return { bulkId, ...progress, state: status.name === 'RUNNING' ? 'running' : status.name === 'COMPLETED' ? 'done' : 'stopped' };
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? new DomainError('not_found', 'bulk_not_found', `There is no retry in bulk ${bulkId}.`) : error;
  }
}

/** Ends a bulk after the portion that is under way. */
export async function stopBulk(engine: OpsEngine, bulkId: string): Promise<void> {
  await called(engine, () => engine.client.workflow.getHandle(bulkWorkflowIdOf(bulkId)).cancel());
}
