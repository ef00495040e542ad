import { dashboard } from './dashboard.ts';

const quantile = (metric: string, by: string) => `histogram_quantile(0.99, sum by (${by}, le) (rate(${metric}_bucket[5m])))`;

/** Workflows and activities as Temporal's SDK and its server see them. */
export const workflows = dashboard('trial-workflows', 'Workflows', [
  { title: 'Tasks that wait', unit: 'short', queries: [{ expr: 'max by (queue) (task_queue_backlog)', legend: '{{queue}}' }] },
  { title: 'For how long the first has waited', unit: 's', queries: [{ expr: 'max by (queue) (task_queue_backlog_age_seconds)', legend: '{{queue}}' }] },
  { title: 'Workers by queue', unit: 'short', queries: [{ expr: 'max by (queue) (task_queue_pollers)', legend: '{{queue}}' }] },
  { title: 'Runs completed', unit: 'reqps', queries: [{ expr: 'sum by (workflow_type) (rate(temporal_workflow_completed_total[5m]))', legend: '{{workflow_type}}' }] },
  { title: 'Activities, p99', unit: 's', queries: [{ expr: quantile('temporal_activity_execution_latency_seconds', 'activity_type'), legend: '{{activity_type}}' }] },
  { title: 'Activities that failed', unit: 'reqps', queries: [{ expr: 'sum by (activity_type) (rate(temporal_activity_execution_failed_total[5m]))', legend: '{{activity_type}}' }] },
  { title: 'From scheduled to begun, activities, p99', unit: 's', queries: [{ expr: quantile('temporal_activity_schedule_to_start_latency_seconds', 'task_queue'), legend: '{{task_queue}}' }] },
  { title: 'From scheduled to begun, workflow tasks, p99', unit: 's', queries: [{ expr: quantile('temporal_workflow_task_schedule_to_start_latency_seconds', 'task_queue'), legend: '{{task_queue}}' }] },
  { title: 'Workflow tasks, p99', unit: 's', queries: [{ expr: quantile('temporal_workflow_task_execution_latency_seconds', 'workflow_type'), legend: '{{workflow_type}}' }] },
  { title: 'Replays, p99', unit: 's', about: 'Of runs that had left the cache', queries: [{ expr: quantile('temporal_workflow_task_replay_latency_seconds', 'workflow_type'), legend: '{{workflow_type}}' }] },
  { title: 'Places for tasks that are free', unit: 'short', queries: [{ expr: 'sum by (task_queue, worker_type) (temporal_worker_task_slots_available)', legend: '{{task_queue}} {{worker_type}}' }] },
  { title: 'Runs in the cache', unit: 'short', queries: [{ expr: 'sum by (task_queue) (temporal_sticky_cache_size)', legend: '{{task_queue}}' }] },
  { title: 'Calls to Temporal, p99', unit: 's', queries: [{ expr: quantile('temporal_request_latency_seconds', 'operation'), legend: '{{operation}}' }] },
  { title: 'Calls to Temporal', unit: 'reqps', queries: [{ expr: 'sum by (operation) (rate(temporal_request_total[5m]))', legend: '{{operation}}' }] },
]);
