import type { Api, ApiDeps } from '../deps.ts';
import { docsPage } from '../docs-page.ts';
import { type Exposed, metricsRoute } from '../metrics.ts';
import { openApiDocument } from '../openapi.ts';
import { debugRoutes } from './debug.ts';
import { healthRoutes } from './health.ts';

/** What stands outside of /api/v1: for load balancers and readers, without a token, and without anything about people. */
export function outsideRoutes(app: Api, deps: ApiDeps, exposed: Exposed): void {
  healthRoutes(app, deps);
  metricsRoute(app, exposed);
  if (deps.traces) debugRoutes(app, deps.traces);

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
