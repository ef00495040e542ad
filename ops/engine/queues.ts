// CommonJS: Node finds no named exports in it.
import proto from '@temporalio/proto';
import type { StuckCase } from '../../services/common/index.ts';
import { called, instantOf, millisOf, type OpsEngine } from './engine.ts';
import { suggestionFor } from './suggestion.ts';

/** A task that has waited for so long would have been taken by whoever polls. */
const WAITS_TOO_LONG_MS = 15_000;
/** A poll lasts for a minute: a poller that was not seen for longer is gone. */
const SEEN_WITHIN_MS = 75_000;

const { TaskQueueKind, TaskQueueType } = proto.temporal.api.enums.v1;
const TYPE = { workflow: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, activity: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY } as const;

export type QueueState = {
  queue: string;
  /** What its tasks are. */
  tasks: keyof typeof TYPE;
  /** Tasks that wait, and for how long the first of them has, in milliseconds. */
  backlog: number;
  backlogAgeMs: number;
  pollers: { identity: string; lastSeenAt: string; version: string | null }[];
  /** `no_poller`: nobody takes what waits here, or would. `behind`: somebody does, too slowly. */
  state: 'ok' | 'behind' | 'no_poller';
};

/** The state of each queue of the system. */
export async function queueStates(engine: OpsEngine, queues: readonly { queue: string; tasks: keyof typeof TYPE }[]): Promise<QueueState[]> {
  return Promise.all(queues.map(({ queue, tasks }) => stateOfQueue(engine, queue, tasks)));
}

async function stateOfQueue(engine: OpsEngine, queue: string, tasks: keyof typeof TYPE): Promise<QueueState> {
  const { client, namespace, clock } = engine;
  const asked = { namespace, taskQueue: { name: queue, kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL }, taskQueueType: TYPE[tasks], reportStats: true };
  const { pollers, stats } = await called(engine, () => client.workflowService.describeTaskQueue(asked));
  const now = clock().getTime();
  const backlog = Number(stats?.approximateBacklogCount ?? 0);
  const backlogAgeMs = backlog > 0 ? Math.round(millisOf(stats?.approximateBacklogAge)) : 0;
  const seen = (pollers ?? []).map(({ identity, lastAccessTime, deploymentOptions }) => ({
    identity: identity ?? '',
    lastSeenAt: instantOf(lastAccessTime) ?? '',
    version: deploymentOptions?.buildId || null,
  }));
  const live = seen.filter(({ lastSeenAt }) => now - Date.parse(lastSeenAt) < SEEN_WITHIN_MS);
  // Whoever still polled would have been given what waits.
  const polledSince = live.some(({ lastSeenAt }) => Date.parse(lastSeenAt) > now - backlogAgeMs);
  const waits = backlog > 0 && backlogAgeMs >= WAITS_TOO_LONG_MS;
  const state = live.length === 0 || (waits && !polledSince) ? 'no_poller' : waits ? 'behind' : 'ok';
  return { queue, tasks, backlog, backlogAgeMs, pollers: live, state };
}

/** Queues that nobody polls, as cases. */
export function casesOfQueues({ clock }: OpsEngine, states: readonly QueueState[]): StuckCase[] {
  return states.filter(({ state }) => state === 'no_poller').map(({ queue, backlog, backlogAgeMs }) => ({
    subject: `queue/${queue}`, kind: 'no_poller', workflowId: null, enrollmentId: null, step: queue,
    code: backlog > 0 ? `backlog_${backlog}` : null, attempts: null,
    since: new Date(clock().getTime() - backlogAgeMs).toISOString(), lastFailureAt: null, nextRetryAt: null,
    suggestion: suggestionFor('no_poller', queue, queue),
  }));
}
