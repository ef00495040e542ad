import { DomainError } from '../../services/common/index.ts';
import { called, type OpsEngine } from './engine.ts';
import type { ListedRun, RunRef } from './open-runs.ts';

/** Lets a run go on that somebody has paused as a whole. Throws `not_paused`. */
export async function unpauseRun({ client, namespace, ...engine }: OpsEngine, { workflowId, runId, status }: RunRef & Pick<ListedRun, 'status'>, { key }: { key: string }): Promise<void> {
  if (status !== 'PAUSED') throw new DomainError('conflict', 'not_paused', 'This run is not paused.');
  await called({ client, ...engine }, () => client.workflowService.unpauseWorkflowExecution({ namespace, workflowId, runId, identity: 'ops', requestId: key, reason: `see the audit trail: ${key}` }));
}
