import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { At } from './routing.ts';
import { DEPLOYMENT_NAME } from './version.ts';

/** A poll takes up to a minute, and the server remembers who polled for five. */
const POLLED_WITHIN_MS = 70_000;
const { TaskQueueType, WorkerStatus } = proto.temporal.api.enums.v1;

/** How many workers of each version take workflow tasks. One that was killed is counted for up to 70 s more. */
export async function presentWorkers(at: At): Promise<Map<string, number>> {
  const { client, namespace } = at;
  const [{ pollers }, stopped] = await Promise.all([
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: TASK_QUEUE }, taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW }),
    stoppedVersions(at),
  ]);
  const seen = new Map<string, Set<string>>();
  for (const { deploymentOptions, lastAccessTime, identity } of pollers ?? []) {
    const buildId = deploymentOptions?.deploymentName === DEPLOYMENT_NAME ? deploymentOptions.buildId : undefined;
    const isRecent = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLLED_WITHIN_MS;
    if (buildId && isRecent && !stopped.has(buildId)) seen.set(buildId, (seen.get(buildId) ?? new Set()).add(identity ?? ''));
  }
  return new Map([...seen].map(([buildId, identities]) => [buildId, identities.size]));
}

/** Versions whose workers have all said that they stop. Servers that keep no such list know of none. */
async function stoppedVersions({ client, namespace }: At): Promise<Set<string>> {
  const listed = await client.workflowService.listWorkers({ namespace, pageSize: 1000 }).catch(() => undefined);
  const running = new Map<string, boolean>();
  for (const { workerHeartbeat } of listed?.workersInfo ?? []) {
    const { deploymentVersion, status, taskQueue } = workerHeartbeat ?? {};
    if (taskQueue !== TASK_QUEUE || deploymentVersion?.deploymentName !== DEPLOYMENT_NAME || !deploymentVersion.buildId) continue;
    running.set(deploymentVersion.buildId, running.get(deploymentVersion.buildId) === true || status === WorkerStatus.WORKER_STATUS_RUNNING);
  }
  return new Set([...running].filter(([, isRunning]) => !isRunning).map(([buildId]) => buildId));
}
