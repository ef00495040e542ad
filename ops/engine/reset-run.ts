import { DomainError } from '../../services/common/index.ts';
import { called, type OpsEngine } from './engine.ts';
import type { ListedRun, RunRef } from './open-runs.ts';
import { planReset, type ResetPlan } from './reset-points.ts';

/** What a reset of this run would do. Throws `run_has_ended`, and as `planReset` does. */
export async function resetPlanOf(engine: OpsEngine, { workflowId, runId, status }: RunRef & Pick<ListedRun, 'status'>, to?: number): Promise<ResetPlan> {
  // Temporal would open it again, beside whatever has come after it.
  if (status !== 'RUNNING' && status !== 'PAUSED') throw new DomainError('conflict', 'run_has_ended', 'This run has ended: it is not opened again.');
  const { events } = await called(engine, () => engine.client.workflow.getHandle(workflowId, runId).fetchHistory(), 10_000);
  return planReset(events ?? [], to);
}

/**
 * Ends the run and begins another that goes on after the event of the plan, with the messages that came since. The same
 * key again has no second effect. Answers the new run's id.
 */
export async function resetRun(engine: OpsEngine, { workflowId, runId }: RunRef, { toEventId, key }: { toEventId: number; key: string }): Promise<string> {
  const { client, namespace } = engine;
  const answer = await called(engine, () =>
    client.workflowService.resetWorkflowExecution({
      namespace, workflowExecution: { workflowId, runId }, identity: 'ops', requestId: key, reason: `see the audit trail: ${key}`,
      workflowTaskFinishEventId: toEventId as never,
    }),
  );
  return answer.runId ?? '';
}
