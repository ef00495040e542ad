import { OpenAPIHono } from '@hono/zod-openapi';
import { authenticate, authorize, noSuchResource } from './auth/middleware.ts';
import { signingDesk } from './auth/signing.ts';
import { scopeIds } from './auth/scope-ids.ts';
import { bodyGuard } from './body-guard.ts';
import type { Api, ApiDeps, ApiEnv } from './deps.ts';
import { browsersFrom, temporalUiFrom } from './edge/browsers-from.ts';
import { rateLimits } from './edge/rate-limits.ts';
import { securityHeaders } from './edge/security-headers.ts';
import { metricsRegistry } from './exposition.ts';
import { idempotencyKeys } from './idempotency.ts';
import { requestMetrics } from './metrics.ts';
import { problemHandler } from './problem.ts';
import { requestLog } from './request-log.ts';
import { auditRoutes } from './routes/audit.ts';
import { codecRoutes } from './routes/codec.ts';
import { enrollmentActionRoutes } from './routes/enrollment-actions.ts';
import { enrollmentRoutes } from './routes/enrollments.ts';
import { operationRoutes } from './routes/operations.ts';
import { outsideRoutes } from './routes/outside.ts';
import { patientRecordRoutes } from './routes/patient-records.ts';
import { patientRoutes } from './routes/patients.ts';
import { screeningLogRoutes } from './routes/screening-log.ts';
import { randomisationRoutes } from './routes/randomisation.ts';
import { screeningRoutes } from './routes/screening.ts';
import { siteRoutes } from './routes/sites.ts';
import { studyRoutes } from './routes/studies.ts';
import { studyNumberRoutes } from './routes/study-numbers.ts';
import { studyStaffRoutes } from './routes/study-staff.ts';
import { traceContext } from './trace-context.ts';
import { unblindingRoutes } from './routes/unblinding.ts';
import { validationHook } from './validation.ts';

const ROOT = '/api/v1';
/** The codec server: the Temporal UI puts `/decode` behind it. */
const CODEC = '/codec';

/** The whole REST API as one fetch handler: it listens to nothing and holds no state but small caches. */
export function createApp(deps: ApiDeps): Api {
  const scopes = scopeIds(deps.clients);
  const signing = signingDesk(deps);
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: validationHook });
  patientRoutes(api, deps, scopes);
  patientRecordRoutes(api, deps, signing);
  siteRoutes(api, deps);
  studyRoutes(api, deps);
  studyNumberRoutes(api, deps);
  studyStaffRoutes(api, deps);
  enrollmentRoutes(api, deps, signing);
  enrollmentActionRoutes(api, deps, signing);
  screeningRoutes(api, deps, signing);
  randomisationRoutes(api, deps);
  screeningLogRoutes(api, deps);
  unblindingRoutes(api, deps);
  auditRoutes(api, deps);
  operationRoutes(api, deps);
  const codec: Api = new OpenAPIHono<ApiEnv>({ defaultHook: validationHook });
  codecRoutes(codec, deps);

  const app: Api = new OpenAPIHono<ApiEnv>();
  app.onError(problemHandler(deps.log));
  app.notFound((c) => problemHandler(deps.log)(noSuchResource(), c));
  const registry = deps.registry ?? metricsRegistry();
  const { corsOrigins = [], temporalUiOrigins = [], https = false, ...limits } = deps.rules ?? {};
  app.use(traceContext(limits), requestLog(deps.log, requestMetrics(registry)), securityHeaders({ https, data: [ROOT, CODEC] }));
  if (corsOrigins.length > 0) app.use(`${ROOT}/*`, browsersFrom(corsOrigins));
  if (temporalUiOrigins.length > 0) app.use(`${CODEC}/*`, temporalUiFrom(temporalUiOrigins));
  for (const [root, routes] of [[ROOT, api], [CODEC, codec]] as const) {
    // Of its own for each: a UI without a token must not use up what its address may ask of the API.
    const limited = rateLimits(limits);
    app.use(`${root}/*`, limited.perAddress, authenticate(deps.auth), limited.perCaller, authorize(operationsOf(root, routes), scopes), idempotencyKeys(), bodyGuard());
    app.route(root, routes);
  }
  outsideRoutes(app, deps, deps.exposed ?? { registries: [registry] });
  return app;
}

/** Which operation a matched route is, by method and pattern. */
function operationsOf(root: string, api: Api): (method: string, path: string) => string | undefined {
  const known = new Map<string, string>();
  for (const definition of api.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { method, path, operationId } = definition.route;
    if (operationId) known.set(`${method.toUpperCase()} ${root}${path.replaceAll(/\/{(.+?)}/g, '/:$1')}`, operationId);
  }
  return (method, path) => known.get(`${method} ${path}`);
}
