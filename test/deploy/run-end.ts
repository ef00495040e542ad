import type { Client } from '@temporalio/client';
import { eventually } from '../replay/scene.ts';

export type RunEnd = { version: string | undefined; patches: string[]; failedTasks: number; outcome: unknown };

/** How a run has ended, waited for unless `open`: on which version, with which changes, how often a workflow task failed on the way. */
export async function endOf(client: Client, workflowId: string, { open = false } = {}): Promise<RunEnd> {
  const handle = client.workflow.getHandle(workflowId);
  if (!open) await eventually(async () => (await handle.describe()).status.name === 'COMPLETED');
  const [{ searchAttributes }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const [version] = (searchAttributes['TemporalWorkerDeploymentVersion'] ?? []) as string[];
  return {
    version: version?.split(':').at(-1),
    patches: (searchAttributes['TemporalChangeVersion'] ?? []) as string[],
    failedTasks: (events ?? []).filter(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes).length,
    outcome: (searchAttributes['EnrollmentOutcome'] as string[] | undefined)?.[0],
  };
}
