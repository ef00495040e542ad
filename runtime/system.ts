import type { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Hono } from 'hono';
import { createApp } from '../api/app.ts';
import type { ApiDeps } from '../api/deps.ts';
import { metricsRegistry } from '../api/exposition.ts';
import { type Exposed, metricsRoute } from '../api/metrics.ts';
import type { TokenVerifier } from '../api/auth/token.ts';
import { type Health, healthRoutes } from '../api/routes/health.ts';
import { temporalEnrollmentGateway } from '../api/temporal/gateway.ts';
import { type AssertionSigner, assertionSigner } from '../services/common/index.ts';
import { createMailer } from '../services/notification/index.ts';
import { TASK_QUEUE } from '../workflows/consent-to-enrollment/messages.ts';
import type { TimingProfile } from '../workflows/timing.ts';
import type { Secrets } from './keys.ts';
import { describeError } from './crash.ts';
import { listenHttp } from './listen.ts';
import { systemMetrics } from './metrics/system-metrics.ts';
import { ensureWatch, operationsGateway, operationsPort, signingOf, type WatchSettings } from './operations.ts';
import { readinessOf } from './readiness.ts';
import { type GrpcServer, startGrpcServer } from './rpc/grpc-server.ts';
import type { ServiceKeys } from './rpc/keys.ts';
import { type Composition, composeServices, type ServicesOptions } from './services.ts';
import { type Promotion, takePart } from './deployment/take-part.ts';
import { patchesIn, versionOf } from './deployment/version.ts';
import { dataConverterOf } from './temporal-codec/data-converter.ts';
import { type SealSettings, sealTrails } from './audit-seals/seal-trails.ts';
import { openTemporalClient, type TemporalSettings } from './temporal-client.ts';
import { payloadOpener } from './temporal-codec/payload-opener.ts';
import type { Telemetry } from './telemetry/start-telemetry.ts';
import { sweepOutboxes, SWEEP_EVERY_MS } from './sweep-outboxes.ts';
import { QUEUES, type QueueName, type RunningWorkers, startWorkers } from './workers.ts';

export type EdgeSettings = Pick<ApiDeps, 'signingAcr' | 'rules'>;

export type SystemOptions = Omit<ServicesOptions, 'mailer' | 'clock' | 'onUnexpectedRpc' | 'onDelivery' | 'metrics' | 'secrets'> & {
  secrets: Secrets;
  temporal: TemporalSettings;
  workflowBundlePath: string;
  /** Absent where Notification does not run. */
  mail?: { smtpUrl: string; from: string; timeoutMs: number } | undefined;
  /** Absent: this process has no REST API, and answers for its own health only. */
  auth?: TokenVerifier;
  timing: TimingProfile;
  /** What the edge refuses, and of whom. */
  edge?: EdgeSettings;
  /** See the configuration; its defaults when absent. */
  maxAuthAgeS?: number;
  codeBreakSweepMs?: number;
  /** Absent: this process does not seal the trails of its services. */
  seals?: SealSettings;
  /** Where people reach the REST API, for the links in the Temporal UI. */
  publicUrl: string;
  listen: { host: string; port: number };
  /** Absent: the services of this process are not reached by others. */
  listenGrpc?: { host: string; port: number };
  log: Logger;
  /** Of this process; spans of workflows go there, and what it keeps is shown at `/debug/traces`. */
  telemetry?: Telemetry | undefined;
  clock?: () => Date;
  /** Only these queues have a worker here; all when absent. */
  queues?: readonly QueueName[];
  interceptors?: WorkerOptions['interceptors'];
  /** Under which version the workflows run here. Absent: unversioned. */
  deployment?: { buildId?: string | undefined; promote: Promotion };
  /** Absent: this process neither watches for what is stuck nor does what operators ask in bulk. For the process of the API. */
  watch?: WatchSettings;
  /** How old may be what `/metrics` shows of databases and queues. */
  metricsFreshMs?: number;
};

export type System = Composition & {
  /** Base URL of the REST API, or of the health answers of a process without one. */
  url: string;
  grpc: GrpcServer | undefined;
  client: Client;
  workers: RunningWorkers;
  /** Takes no new work, lets what runs finish within the grace time, closes everything. */
  stop(): Promise<void>;
};

/**
 * One process, on databases and a Temporal server that are there already: everything, or the part of it that the
 * options name (`hosted` services, `queues`, the API where there is `auth`).
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { log, temporal, queues = QUEUES } = options;
  const clock = options.clock ?? (() => new Date());
  const watch = options.auth ? options.watch : undefined;
  const { serviceKeys } = options;
  const dataConverter = dataConverterOf(options.secrets.payloadKeys);
  const { client, close: closeClient } = await openTemporalClient(temporal, options.secrets.payloadKeys);
  const native = queues.length > 0 || watch ? await NativeConnection.connect(temporal.connection as NativeConnectionOptions) : undefined;
  const mailer = options.mail && createMailer(options.mail);
  const onUnexpectedRpc = (method: string, error: unknown) => log.error({ method, error: describeError(error) }, 'unexpected error in a call');
  const registry = metricsRegistry();
  const metrics = systemMetrics(registry, options.metricsFreshMs);
  const composition = await composeServices({ ...options, clock, onUnexpectedRpc, onDelivery: metrics.trial.onDelivery, metrics: metrics.rpc, ...(mailer ? { mailer } : {}) });
  const { services, channels, databases } = composition;
  // Connections that are open already: the first calls should not spend their deadline on logging in.
  await Promise.all(databases.flatMap((db) => [db.ping(), db.ping(), db.ping()]));
  const grpc = options.listenGrpc && (await startGrpcServer({ services, keys: serviceKeys, onUnexpected: onUnexpectedRpc, metrics: metrics.rpc, tls: options.tls, listen: options.listenGrpc }));
  const version = options.deployment && queues.includes(TASK_QUEUE) ? await versionOf(options.workflowBundlePath, options.deployment.buildId) : undefined;
  const workers = native
    ? await startWorkers({
        connection: native,
        namespace: temporal.namespace,
        dataConverter,
        services,
        workflowBundlePath: options.workflowBundlePath,
        onUnexpected: (activity, error) => log.error({ activity, error: describeError(error) }, 'unexpected error in an activity'),
        queues,
        sinks: metrics.trial.sinks,
        log,
        telemetry: options.telemetry,
        operations: watch && operationsPort({ client, namespace: temporal.namespace, clock }, signingOf({ assert: signerOf(options, clock), hashKey: options.secrets.hashKey })),
        ...(options.interceptors ? { interceptors: options.interceptors } : {}),
        ...(version ? { version } : {}),
      })
    : NO_WORKERS;
  if (version && options.deployment) {
    const patches = await patchesIn(options.workflowBundlePath);
    await takePart({ client, namespace: temporal.namespace, version, patches, promote: options.deployment.promote, log });
  }
  if (watch) await ensureWatch(client, watch);
  const health: Health = {
    readiness: readinessOf({ databases, client, issuer: options.auth?.ready, ...(mailer ? { mailer } : {}) }),
    circuits: () => channels.circuits(),
  };
  metrics.show({ databases, services, secrets: options.secrets, tls: options.tls, ...(options.auth ? { engine: { client, namespace: temporal.namespace, clock } } : {}) });
  const edge = options.auth ? edgeOf({ ...options, auth: options.auth, clock, client, composition, health, registry, exposed: metrics.exposed }) : healthOnly(health, metrics.exposed);
  const seals = options.seals && sealTrails({ ...options.seals, databases, ring: options.secrets.auditSealKeys, clock, log, observe: metrics.trails });
  const http = await listenHttp(edge.fetch, options.listen);
  return {
    ...composition,
    url: http.url,
    grpc,
    client,
    workers,
    stop: async () => {
      await Promise.all([http.stop(), edge.stop()]);
      await Promise.all([workers.stop(), grpc?.stop()]);
      mailer?.close();
      await seals?.stop();
      await composition.close();
      await closeClient();
      await native?.close();
      await options.telemetry?.stop();
    },
  };
}

const NO_WORKERS: RunningWorkers = { finished: Promise.resolve(), stop: async () => undefined };

type EdgeOptions = SystemOptions & {
  auth: TokenVerifier;
  serviceKeys: ServiceKeys;
  clock: () => Date;
  client: Client;
  composition: Composition;
  health: Health;
  registry: Registry;
  exposed: Exposed;
};

/** The REST API, and what it does by itself: telling of code-breaks that nobody has been told of. */
function edgeOf({ auth, serviceKeys, clock, client, composition, health, registry, exposed, log, ...options }: EdgeOptions) {
  const clients = composition.channels.clientsOf('api');
  const enrollments = temporalEnrollmentGateway({ client, timing: options.timing, publicUrl: options.publicUrl });
  const assert = signerOf({ serviceKeys, secrets: options.secrets }, clock);
  const app = createApp({
    clients,
    assert,
    openPayload: payloadOpener(options.secrets.payloadKeys),
    enrollments,
    operations: operationsGateway({ client, namespace: options.temporal.namespace, clock }, { signing: signingOf({ assert, hashKey: options.secrets.hashKey }), readiness: health.readiness }),
    auth,
    ...health,
    registry,
    exposed,
    hashKey: options.secrets.hashKey,
    partDeadlineMs: options.callDeadlineMs,
    log,
    clock,
    traces: options.telemetry?.kept,
    ...options.edge,
    ...(options.maxAuthAgeS === undefined ? {} : { maxAuthAgeS: options.maxAuthAgeS }),
  });
  const sweep = sweepOutboxes({ clients, enrollments, everyMs: options.codeBreakSweepMs ?? SWEEP_EVERY_MS, log });
  return { fetch: app.fetch, stop: () => sweep.stop() };
}

/** Signs as the API. */
function signerOf({ serviceKeys: { privateKeys }, secrets }: Pick<SystemOptions, 'serviceKeys' | 'secrets'>, clock: () => Date): AssertionSigner {
  if (!privateKeys.api) throw new Error('the API has no signing key of its own');
  return assertionSigner({ privateKey: privateKeys.api, hashKey: secrets.hashKey, clock });
}

function healthOnly(health: Health, exposed: Exposed) {
  const app = new Hono();
  healthRoutes(app, health);
  metricsRoute(app, exposed);
  return { fetch: app.fetch, stop: async () => undefined };
}
