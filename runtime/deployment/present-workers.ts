import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { At } from './routing.ts';
import { DEPLOYMENT_NAME } from './version.ts';

/** A poll takes up to a minute, and the server remembers who polled for five. */
const POLLED_WITHIN_MS = 70_000;
/** A worker says every minute that it is there. */
const SAID_WITHIN_MS = 130_000;
const { TaskQueueType, WorkerStatus } = proto.temporal.api.enums.v1;

/** How many workers of each version take workflow tasks. One that was killed is counted for up to two minutes more. */
export async function presentWorkers(at: At): Promise<Map<string, number>> {
  const [polls, heartbeats] = await Promise.all([pollsOf(at), heartbeatsOf(at)]);
  const buildIds = new Set([...polls.keys(), ...heartbeats.keys()]);
  const counts = [...buildIds].map((buildId) => {
    const { living = 0, stoppedAt = 0 } = heartbeats.get(buildId) ?? {};
    // One that has just begun is first seen polling, and one that has stopped is seen polling for a while.
    return [buildId, Math.max(living, (polls.get(buildId) ?? []).filter((polledAt) => polledAt > stoppedAt).length)] as const;
  });
  return new Map(counts.filter(([, count]) => count > 0));
}

/** When workers began their latest polls; where the queue has several partitions on the server, those of one. */
async function pollsOf({ client, namespace }: At): Promise<Map<string, number[]>> {
  const { pollers } = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: TASK_QUEUE }, taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW });
  const polls = new Map<string, number[]>();
  for (const { deploymentOptions, lastAccessTime } of pollers ?? []) {
    const polledAt = millisOf(lastAccessTime);
    if (deploymentOptions?.deploymentName !== DEPLOYMENT_NAME || !deploymentOptions.buildId || Date.now() - polledAt > POLLED_WITHIN_MS) continue;
    polls.set(deploymentOptions.buildId, [...(polls.get(deploymentOptions.buildId) ?? []), polledAt]);
  }
  return polls;
}

/** What workers say of themselves: how many live, and when the last one stopped. Nothing on a server that keeps no such list. */
async function heartbeatsOf({ client, namespace }: At): Promise<Map<string, { living: number; stoppedAt: number }>> {
  const listed = await client.workflowService.listWorkers({ namespace, pageSize: 1000 }).catch(() => undefined);
  const versions = new Map<string, { living: number; stoppedAt: number }>();
  for (const { workerHeartbeat } of listed?.workersInfo ?? []) {
    const { deploymentVersion, status, taskQueue, heartbeatTime } = workerHeartbeat ?? {};
    if (taskQueue !== TASK_QUEUE || deploymentVersion?.deploymentName !== DEPLOYMENT_NAME || !deploymentVersion.buildId) continue;
    const { living, stoppedAt } = versions.get(deploymentVersion.buildId) ?? { living: 0, stoppedAt: 0 };
    const saidAt = millisOf(heartbeatTime);
    const isRunning = status === WorkerStatus.WORKER_STATUS_RUNNING;
    const lives = isRunning && Date.now() - saidAt < SAID_WITHIN_MS;
    versions.set(deploymentVersion.buildId, { living: living + (lives ? 1 : 0), stoppedAt: isRunning ? stoppedAt : Math.max(stoppedAt, saidAt) });
  }
  return versions;
}

const millisOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
