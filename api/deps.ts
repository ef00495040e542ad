import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { EdcClient } from '../services/edc/client.ts';
import type { NotificationClient } from '../services/notification/client.ts';
import type { PatientClient } from '../services/patient/client.ts';
import type { SiteClient } from '../services/site/client.ts';
import type { StudyClient } from '../services/study/client.ts';
import type { AssertionSigner, Origin } from '../services/common/index.ts';
import type { Grant } from '../services/common/authority/grant.ts';
import type { OperationId } from '../services/common/authority/policy.ts';
import type { AuthenticatedUser, TokenVerifier } from './auth/token.ts';
import type { OpenPayload } from './codec/payload-opener.ts';
import type { KeptTraces } from './debug/kept-traces.ts';
import type { RateLimits } from './edge/rate-limits.ts';
import type { EnrollmentGateway } from './enrollment-gateway.ts';
import type { Exposed } from './metrics.ts';
import type { OperationsGateway } from './operations-gateway.ts';
import type { Health } from './routes/health.ts';

export type Clients = {
  patient: PatientClient;
  study: StudyClient;
  site: SiteClient;
  edc: EdcClient;
  notification: NotificationClient;
};

/** How the API meets the world: limits, who may call from a browser (its codec server: the Temporal UI only), and whether it is reached over TLS. */
export type EdgeRules = RateLimits & { corsOrigins?: readonly string[]; temporalUiOrigins?: readonly string[]; https?: boolean };

/** Everything that the API reaches; it holds no state of its own and opens no connection. */
export type ApiDeps = Health & {
  clients: Clients;
  enrollments: EnrollmentGateway;
  operations: OperationsGateway;
  auth: TokenVerifier;
  /** Signs, as the API, what a person has asked for. */
  assert: AssertionSigner;
  /** Opens what Temporal keeps, for the codec server. */
  openPayload: OpenPayload;
  /** Key of the HMAC over what is asked for. At least 32 bytes. */
  hashKey: Uint8Array;
  log: Logger;
  /** To which the API adds what it counts; of its own when absent. */
  registry?: Registry;
  /** What `/metrics` shows; that registry when absent. */
  exposed?: Exposed;
  clock: () => Date;
  /** The traces of late, for development; not shown where absent. */
  traces?: KeptTraces | undefined;
  /** How long a view waits for a part that another service has, in milliseconds. */
  partDeadlineMs: number;
  /** How old the authentication may be, in seconds, where somebody must have authenticated just now; 300 when absent. */
  maxAuthAgeS?: number;
  rules?: EdgeRules;
  /** The `acr` that counts as such an authentication, or several with spaces between; any when absent. */
  signingAcr?: string;
};

/** What the middleware puts beside a request. */
export type ApiEnv = {
  Variables: {
    requestId: string;
    /** From where the request comes, and in which trace. */
    origin: Origin;
    user: AuthenticatedUser;
    /** What the caller was let in for, and how far that reaches. */
    operation: OperationId;
    grant: Grant;
    /** Of a POST that needs one. */
    idempotencyKey: string;
  };
};

export type Api = OpenAPIHono<ApiEnv>;
