import type { Api, ApiDeps } from '../deps.ts';
import { docsPage } from '../docs-page.ts';
import type { RequestMetrics } from '../metrics.ts';
import { openApiDocument } from '../openapi.ts';

/** What stands outside of /api/v1: for load balancers and readers, without a token, and without anything about people. */
export function outsideRoutes(app: Api, { readiness }: ApiDeps, metrics: RequestMetrics): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  app.get('/readyz', async (c) => {
    const dependencies = await readiness();
    const ready = Object.values(dependencies).every((state) => state === 'ok');
    if (ready) return c.json({ status: 'ready', dependencies }, 200);
    return c.json({ status: 'not ready', dependencies }, 503, { 'Retry-After': '1' });
  });

  app.get('/metrics', async (c) => {
    const { contentType, body } = await metrics.expose();
    return c.text(body, 200, { 'Content-Type': contentType });
  });

  // Both depend on the routes alone, so they are made once, on first use.
  let document: ReturnType<typeof openApiDocument> | undefined;
  let page: string | undefined;
  app.get('/openapi.json', (c) => c.json((document ??= openApiDocument(app))));
  app.get('/docs', (c) =>
    c.html((page ??= docsPage((document ??= openApiDocument(app)))), 200, {
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    }),
  );
}
