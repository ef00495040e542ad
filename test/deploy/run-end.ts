import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { eventually } from '../replay/scene.ts';

/** Something came while the task ran, and it is done anew: nothing is wrong with that. */
const OVERTAKEN = proto.temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

export type RunEnd = { version: string | undefined; patches: string[]; failedTasks: string[]; outcome: unknown };

/** How a run has ended, waited for unless `open`: on which version, with which changes, why workflow tasks failed on the way. */
export async function endOf(client: Client, workflowId: string, { open = false } = {}): Promise<RunEnd> {
  const handle = client.workflow.getHandle(workflowId);
  if (!open) await eventually(async () => (await handle.describe()).status.name === 'COMPLETED');
  const [{ searchAttributes }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const [version] = (searchAttributes['TemporalWorkerDeploymentVersion'] ?? []) as string[];
  return {
    version: version?.split(':').at(-1),
    patches: (searchAttributes['TemporalChangeVersion'] ?? []) as string[],
    failedTasks: (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => (failed && failed.cause !== OVERTAKEN ? [`${failed.cause}: ${failed.failure?.message}`] : [])),
    outcome: (searchAttributes['EnrollmentOutcome'] as string[] | undefined)?.[0],
  };
}
