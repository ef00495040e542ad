import type { Env, Hono } from 'hono';

export type Health = {
  /** Each dependency by name: `ok`, or in a few words what is wrong. Bounded in time by whoever provides it. */
  readiness: () => Promise<Record<string, string>>;
  /** The circuit to each service that is called: `closed`, `half-open` or `open`. */
  circuits?: () => Record<string, string>;
};

/**
 * Liveness (`/healthz`) and readiness (`/readyz`: 503 while something that this process can't do without is away). A
 * circuit that is open doesn't make it unready: whatever doesn't need that service is still answered.
 */
export function healthRoutes<E extends Env>(app: Hono<E>, { readiness, circuits }: Health): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  app.get('/readyz', async (c) => {
    const dependencies = await readiness();
    const ready = Object.values(dependencies).every((state) => state === 'ok');
    const body = { status: ready ? 'ready' : 'not ready', dependencies, ...(circuits ? { circuits: circuits() } : {}) };
    return ready ? c.json(body, 200) : c.json(body, 503, { 'Retry-After': '1' });
  });
}
