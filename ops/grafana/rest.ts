import { dashboard } from './dashboard.ts';

const API = 'route=~"/api/v1/.*"';

/** The REST API: how much is asked, how it is answered, and what is left of the service levels. */
export const rest = dashboard('trial-rest', 'REST API', [
  { title: 'Requests', unit: 'reqps', as: 'number', queries: [{ expr: `sum(rate(http_requests_total{${API}}[5m]))` }] },
  { title: 'Failed in an hour', unit: 'percentunit', as: 'number', about: 'At most 0.1 % over 30 days.', queries: [{ expr: 'api:http_requests_failed:ratio_rate1h' }] },
  { title: 'Reads beyond 200 ms in an hour', unit: 'percentunit', as: 'number', about: 'At most 1 % over 30 days.', queries: [{ expr: 'api:http_reads_slow:ratio_rate1h' }] },
  { title: 'Budget spent, failures', unit: 'percentunit', as: 'number', about: 'How fast it burns: 1 spends it all within 30 days.', queries: [{ expr: 'api:http_requests_failed:ratio_rate3d / 0.001' }] },
  { title: 'Budget spent, slow reads', unit: 'percentunit', as: 'number', queries: [{ expr: 'api:http_reads_slow:ratio_rate3d / 0.01' }] },
  { title: 'Copies of the API', unit: 'short', as: 'number', queries: [{ expr: 'count(sum by (instance) (rate(http_requests_total[5m])))' }] },
  { title: 'Requests by route', unit: 'reqps', queries: [{ expr: 'api:http_requests:rate5m', legend: '{{method}} {{route}}' }] },
  { title: 'Answers by status', unit: 'reqps', queries: [{ expr: `sum by (status) (rate(http_requests_total{${API}}[5m]))`, legend: '{{status}}' }] },
  {
    title: 'Time to the answer of reads', unit: 's',
    queries: [0.5, 0.95, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{${API},method="GET"}[5m])))`, legend: `p${quantile * 100}`, exemplars: true as const,
    })),
  },
  { title: 'p99 by route', unit: 's', queries: [{ expr: 'api:http_request_duration_seconds:p99_5m', legend: '{{method}} {{route}}' }] },
  { title: 'Event loop busy', unit: 'percentunit', queries: [{ expr: 'rate(nodejs_eventloop_active_seconds_total[5m]) / (rate(nodejs_eventloop_active_seconds_total[5m]) + rate(nodejs_eventloop_idle_seconds_total[5m]))', legend: '{{instance}}' }] },
  { title: 'Event loop delay, p99', unit: 's', queries: [{ expr: 'nodejs_eventloop_lag_p99_seconds', legend: '{{instance}}' }] },
  { title: 'Memory', unit: 'bytes', queries: [{ expr: 'process_resident_memory_bytes', legend: '{{instance}}' }, { expr: 'nodejs_heap_size_used_bytes', legend: '{{instance}} heap' }] },
  { title: 'Garbage collection', unit: 'percentunit', queries: [{ expr: 'sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum[5m]))', legend: '{{instance}} {{kind}}' }] },
]);
