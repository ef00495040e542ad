import { dashboard } from './dashboard.ts';

/** Calls between the services, and what they stand on. */
export const grpc = dashboard('trial-grpc', 'Calls between services', [
  { title: 'Calls answered', unit: 'reqps', queries: [{ expr: 'grpc:server_handled:rate5m', legend: '{{grpc_service}} {{grpc_code}}' }] },
  { title: 'Calls by caller', unit: 'reqps', queries: [{ expr: 'sum by (caller, grpc_service) (rate(grpc_client_handled_total[5m]))', legend: '{{caller}} to {{grpc_service}}' }] },
  { title: 'p99 of the handlers', unit: 's', queries: [{ expr: 'grpc:server_handling_seconds:p99_5m', legend: '{{grpc_service}}' }] },
  {
    title: 'p99 as callers see it, with all tries', unit: 's',
    queries: [{ expr: 'histogram_quantile(0.99, sum by (caller, grpc_service, le) (rate(grpc_client_handling_seconds_bucket[5m])))', legend: '{{caller}} to {{grpc_service}}', exemplars: true }],
  },
  { title: 'Slowest methods, p99', unit: 's', queries: [{ expr: 'topk(10, histogram_quantile(0.99, sum by (grpc_service, grpc_method, le) (rate(grpc_server_handling_seconds_bucket[5m]))))', legend: '{{grpc_service}}/{{grpc_method}}' }] },
  { title: 'Unanswered', unit: 'reqps', queries: [{ expr: 'sum by (caller, grpc_service, grpc_code) (rate(grpc_client_handled_total{grpc_code=~"Unavailable|DeadlineExceeded|Internal"}[5m]))', legend: '{{caller}} to {{grpc_service}}: {{grpc_code}}' }] },
  { title: 'Refusals by their code', unit: 'reqps', queries: [{ expr: 'sum by (grpc_service, problem) (rate(grpc_problems_total{side="server"}[5m]))', legend: '{{grpc_service}}: {{problem}}' }] },
  { title: 'Retries, refusals, turns of circuits', unit: 'reqps', queries: [{ expr: 'sum by (caller, grpc_service, event) (rate(grpc_client_policy_events_total[5m])) > 0', legend: '{{caller}} to {{grpc_service}}: {{event}}' }] },
  { title: 'Circuits', unit: 'short', about: '0 closed, 1 half-open, 2 open', queries: [{ expr: 'max by (caller, grpc_service) (grpc_client_circuit_state)', legend: '{{caller}} to {{grpc_service}}' }] },
  { title: 'Transactions and statements', unit: 'reqps', queries: [{ expr: 'sum by (schema) (rate(db_operations_total[5m]))', legend: '{{schema}}' }] },
  {
    title: 'Connections to PostgreSQL', unit: 'percentunit', about: 'In use, of those that a pool opens at most',
    queries: [{ expr: 'sum by (schema) (db_pool_connections_in_use) / sum by (schema) (db_pool_connections_max)', legend: '{{schema}}' }],
  },
  { title: 'Waiting for a connection', unit: 'short', queries: [{ expr: 'sum by (schema) (db_pool_waiting)', legend: '{{schema}}' }] },
]);
