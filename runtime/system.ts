import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createApp } from '../api/app.ts';
import type { TokenVerifier } from '../api/auth/token.ts';
import { temporalEnrollmentGateway } from '../api/temporal/gateway.ts';
import type { TimingProfile } from '../workflows/timing.ts';
import { createMailer } from '../services/notification/index.ts';
import { readinessOf } from './readiness.ts';
import { type Composition, composeServices, type ServicesOptions } from './services.ts';
import { sweepCodeBreaks, SWEEP_EVERY_MS } from './sweep-code-breaks.ts';
import { type QueueName, type RunningWorkers, startWorkers } from './workers.ts';

export type SystemOptions = Omit<ServicesOptions, 'mailer' | 'clock'> & {
  temporal: { connection: ConnectionOptions; namespace: string };
  workflowBundlePath: string;
  mail: { smtpUrl: string; from: string; timeoutMs: number };
  auth: TokenVerifier;
  timing: TimingProfile;
  /** See the configuration; its defaults when absent. */
  maxAuthAgeS?: number;
  codeBreakSweepMs?: number;
  /** Where people reach the REST API, for the links in the Temporal UI. */
  publicUrl: string;
  listen: { host: string; port: number };
  log: Logger;
  clock?: () => Date;
  /** Only these queues have a worker here; all when absent. */
  queues?: readonly QueueName[];
  interceptors?: WorkerOptions['interceptors'];
};

export type System = Composition & {
  /** Base URL of the REST API. */
  url: string;
  client: Client;
  workers: RunningWorkers;
  /** Takes no new work, lets what runs finish within the grace time, closes everything. */
  stop(): Promise<void>;
};

/** A server that is back is noticed within a second: gRPC's own pauses between attempts grow to two minutes. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1000 };

/** API, workers and services in one process, on databases and a Temporal server that are there already. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { log, temporal, timing } = options;
  const clock = options.clock ?? (() => new Date());
  const connection = await Connection.connect({ ...temporal.connection, channelArgs: { ...RECONNECT, ...temporal.connection.channelArgs } });
  const client = new Client({ connection, namespace: temporal.namespace });
  const native = await NativeConnection.connect(temporal.connection as NativeConnectionOptions);
  const mailer = createMailer({ smtpUrl: options.mail.smtpUrl, from: options.mail.from, timeoutMs: options.mail.timeoutMs });
  const composition = composeServices({ ...options, clock, mailer });
  // Connections that are open already: the first calls should not spend their deadline on logging in.
  await Promise.all(composition.databases.flatMap((db) => [db.ping(), db.ping(), db.ping()]));
  const workers = await startWorkers({
    connection: native,
    namespace: temporal.namespace,
    services: composition.services,
    workflowBundlePath: options.workflowBundlePath,
    onUnexpected: (activity, error) => log.error({ activity, error: describe(error) }, 'unexpected error in an activity'),
    ...(options.queues ? { queues: options.queues } : {}),
    ...(options.interceptors ? { interceptors: options.interceptors } : {}),
  });
  const enrollments = temporalEnrollmentGateway({ client, timing, publicUrl: options.publicUrl });
  const app = createApp({
    clients: composition.clients,
    enrollments,
    auth: options.auth,
    readiness: readinessOf({ databases: composition.databases, client, mailer }),
    hashKey: options.hashKey,
    log,
    clock,
    ...(options.maxAuthAgeS === undefined ? {} : { maxAuthAgeS: options.maxAuthAgeS }),
  });
  const server = await listen(app.fetch, options.listen);
  const sweep = sweepCodeBreaks({ clients: composition.clients, enrollments, everyMs: options.codeBreakSweepMs ?? SWEEP_EVERY_MS, log });
  const { address, port } = server.address() as AddressInfo;
  return {
    ...composition,
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    client,
    workers,
    stop: async () => {
      await Promise.all([closeServer(server), sweep.stop()]);
      await workers.stop();
      mailer.close();
      await composition.close();
      await connection.close();
      await native.close();
    },
  };
}

function listen(fetch: (request: Request) => Response | Promise<Response>, at: { host: string; port: number }): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: at.host, port: at.port }, () => resolve(server));
    server.once('error', reject);
  });
}

/** Lets running requests finish for at most 3 s. */
function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 3000);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}

/** Name, code and stack frames, without the message: nobody foresaw this error, so its text may hold anything. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 8);
  return { name: error.name, code: (error as { code?: unknown }).code, frames };
}
