import type { OpsEngine } from '../../ops/engine/engine.ts';
import { ALL_QUEUES } from '../../ops/engine/find-stuck.ts';
import { type QueueState, queueStates } from '../../ops/engine/queues.ts';
import type { Sampling } from './sampled.ts';

/** What waits in the queues of the system, and who takes it, as Temporal says it. */
export function showQueues({ show }: Sampling, engine: OpsEngine): void {
  const labelNames = ['queue', 'tasks'];
  const each = (valueOf: (state: QueueState) => number) => (states: readonly QueueState[]) =>
    states.map((state) => ({ labels: { queue: state.queue, tasks: state.tasks }, value: valueOf(state) }));
  show('task_queues', () => queueStates(engine, ALL_QUEUES), [
    { name: 'task_queue_backlog', help: 'Tasks that wait', labelNames, values: each(({ backlog }) => backlog) },
    { name: 'task_queue_backlog_age_seconds', help: 'For how long the first of them has', labelNames, values: each(({ backlogAgeMs }) => backlogAgeMs / 1000) },
    { name: 'task_queue_pollers', help: 'Workers that take them', labelNames, values: each(({ pollers }) => pollers.length) },
  ]);
}
