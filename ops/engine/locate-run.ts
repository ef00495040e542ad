import { WorkflowNotFoundError } from '@temporalio/client';
import { DomainError } from '../../services/common/index.ts';
import { called, OPEN, type OpsEngine, WORKFLOW_TYPES } from './engine.ts';
import { type ListedRun, listRuns } from './open-runs.ts';
import { isEnrollmentId } from '../../services/common/run-id.ts';

/**
 * The run that is meant: of an enrollment its open one, otherwise the newest. Throws `run_not_found`. Of what was
 * started a moment ago the list may not know yet; by workflow id it is found at once.
 */
export async function locateRun(engine: OpsEngine, id: string): Promise<ListedRun> {
  const which = isEnrollmentId(id) ? `EnrollmentId = "${id}"` : await byWorkflowId(engine, id);
  const types = `WorkflowType IN (${WORKFLOW_TYPES.map((type) => `"${type}"`).join(', ')})`;
  for (const query of [`${OPEN} AND ${which}`, `${types} AND ${which}`]) {
    const { runs } = await listRuns(engine, { query, limit: 1 });
    if (runs[0]) return runs[0];
  }
  throw notFound(id);
}

/** The newest run under a workflow id. */
async function byWorkflowId(engine: OpsEngine, workflowId: string): Promise<string> {
  try {
    const { runId } = await called(engine, () => engine.client.workflow.getHandle(workflowId).describe());
    return `WorkflowId = "${workflowId}" AND RunId = "${runId}"`;
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? notFound(workflowId) : error;
  }
}

function notFound(id: string): DomainError {
  return new DomainError('not_found', 'run_not_found', `Temporal has no run of ${id}: it never began, or it ended longer ago than Temporal keeps histories. The record is in the system (GET /enrollments/{id}).`);
}
