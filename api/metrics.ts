import type { Env, Hono } from 'hono';
import { Counter, Histogram, type Registry } from 'prom-client';
import { exemplar } from './exemplar.ts';
import { exposition } from './exposition.ts';

export type RequestMetrics = {
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
};

/** What a process shows of itself. */
export type Exposed = {
  registries: readonly Registry[];
  /** What Temporal's core counts, in the text format; absent where it counts nothing. */
  temporalCore?: (() => Promise<string>) | undefined;
};

/** A caller may name any of Node's thirty methods. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

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
    enableExemplars: true,
  });
  return {
    observe: ({ method, route, status, seconds }) => {
      const labels = { method: METHODS.includes(method) ? method : 'other', route, status: String(status) };
      total.inc(labels);
      duration.observe({ labels, value: seconds, ...exemplar() });
    },
  };
}

/** `/metrics` of the process, and `/metrics/temporal` of Temporal's core in it. */
export function metricsRoute<E extends Env>(app: Hono<E>, { registries, temporalCore }: Exposed): void {
  app.get('/metrics', async (c) => {
    const { text, contentType } = await exposition(registries, c.req.header('Accept'));
    return c.text(text, 200, { 'Content-Type': contentType });
  });
  if (!temporalCore) return;
  app.get('/metrics/temporal', async (c) => {
    try {
      return c.text(await temporalCore());
    } catch {
      return c.text('', 503);
    }
  });
}
