import type { Env, Hono } from 'hono';
import { Counter, Histogram, type Registry } from 'prom-client';

export type RequestMetrics = {
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
};

/** Requests by method, pattern of the route and status: a bounded set of series, whatever ids stand in the paths. */
export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const labelNames = ['method', 'route', 'status'] as const;
  const total = new Counter({ name: 'http_requests_total', help: 'Requests answered', labelNames, registers });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the answer',
    labelNames,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers,
  });
  return {
    observe: ({ method, route, status, seconds }) => {
      const labels = { method, route, status: String(status) };
      total.inc(labels);
      duration.observe(labels, seconds);
    },
  };
}

/** `/metrics` in the text format of Prometheus. */
export function metricsRoute<E extends Env>(app: Hono<E>, registry: Registry): void {
  app.get('/metrics', async (c) => c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType }));
}
