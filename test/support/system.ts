import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { createDevIssuer, type DevIssuer } from '../../runtime/dev-issuer.ts';
import type { ServiceName } from '../../db/provision.ts';
import { SERVICES } from '../../db/provision.ts';
import { type Mailbox, startMailbox } from '../../runtime/embedded/mailbox.ts';
import { type RunningTemporal, startTemporal } from '../../runtime/embedded/temporal.ts';
import { sharedServiceKeys } from '../../runtime/rpc/keys.ts';
import { installTemporalLog } from '../../runtime/logging.ts';
import { startSystem, type SystemOptions } from '../../runtime/system.ts';
import type { Secrets } from '../../runtime/keys.ts';
import type { QueueName } from '../../runtime/workers.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import type { TimingProfile } from '../../workflows/timing.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testLog } from './log.ts';
import { TEST_SECRETS } from './secrets.ts';
import { telemetry } from './telemetry.ts';
import { type Running, startSplit } from './split.ts';

/** Milliseconds instead of minutes, the same shape as in production. */
export const TEST_TIMING: TimingProfile = { attemptMs: 3000, retryInitialMs: 20, retryMaximumMs: 100, attempts: 3, roundMs: 1500 };

export type TestSystem = {
  system: Running;
  url: string;
  database: TestDatabase;
  temporal: RunningTemporal;
  mailbox: Mailbox;
  issuer: DevIssuer;
  /** Of the tokens between services, and of what the API signs. */
  serviceKeysFile: string;
  /** What `/readyz` says, of all processes together. */
  readiness(): Promise<{ ready: boolean; dependencies: Record<string, string> }>;
  /** Ends the process's parts and starts them anew on the same data. */
  restart(changes?: Changes): Promise<void>;
  stop(): Promise<void>;
};

export type Changes = {
  timing?: Partial<TimingProfile>;
  interceptors?: WorkerOptions['interceptors'];
  queues?: readonly QueueName[];
  /** Instead of the service's real URL, e.g. through a fault proxy. */
  databaseUrls?: Partial<Record<ServiceName, string>>;
  databaseTimeoutMs?: number;
  smtpUrl?: string;
  /** Instead of the server's own address, e.g. through a fault proxy. */
  temporalAddress?: string;
  /** Instead of a server of its own, such as one that skips time; stopped with the system. */
  temporal?: RunningTemporal;
  temporalInterceptors?: NonNullable<ConnectionOptions['interceptors']>;
  clock?: () => Date;
  edge?: SystemOptions['edge'];
  /** Under which version of the workflow code, see `runtime/deployment`; unversioned when absent. */
  deployment?: NonNullable<SystemOptions['deployment']>;
  /** The watch for what is stuck, and the worker of operators' processes; none without it. */
  watch?: SystemOptions['watch'];
  /** Other workflow code than that of the checkout. */
  workflowBundlePath?: string;
  /** How the process shows itself, and what it is shown of. */
  shown?: Pick<SystemOptions, 'metricsFreshMs' | 'seals' | 'tls'> & { secrets?: Secrets };
};

// Once per process, before the first connection.
installTemporalLog(testLog);

/** `TOPOLOGY=split`: the same tests against parts that reach each other over gRPC. */
const startInTopology = process.env['TOPOLOGY'] === 'split' ? startSplit : startWhole;

async function startWhole(options: SystemOptions): Promise<Running> {
  const system = await startSystem(options);
  return { ...system, parts: [system.url] };
}

/** The whole system in this process, on a database of its own and a Temporal server of its own. Everything is real. */
export async function startTestSystem(changes: Changes = {}): Promise<TestSystem> {
  const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-system-'));
  const [database, temporal, mailbox, issuer] = await Promise.all([
    createTestDatabase(),
    changes.temporal ?? startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES }),
    startMailbox(),
    createDevIssuer({ keyFile: join(dir, 'issuer.json'), ...(changes.clock ? { clock: changes.clock } : {}) }),
  ]);
  const serviceKeysFile = join(dir, 'services.json');
  const serviceKeys = await sharedServiceKeys(serviceKeysFile);
  const start = (now: Changes) =>
    startInTopology({
      databaseUrls: {
        ...(Object.fromEntries(SERVICES.map((name) => [name, database.urlOf(name)])) as Record<ServiceName, string>),
        ...now.databaseUrls,
      },
      databaseTimeoutMs: now.databaseTimeoutMs ?? 5000,
      secrets: TEST_SECRETS,
      serviceKeys,
      opsEmail: 'ops@trial.example',
      callDeadlineMs: 2000,
      edgeDeadlineMs: 10_000,
      temporal: {
        connection: { address: now.temporalAddress ?? temporal.address, ...(now.temporalInterceptors ? { interceptors: now.temporalInterceptors } : {}) },
        namespace: 'default',
      },
      workflowBundlePath: now.workflowBundlePath ?? inject('workflowBundlePath'),
      ...(now.watch ? { watch: now.watch } : {}),
      mail: { smtpUrl: now.smtpUrl ?? mailbox.smtpUrl, from: 'trial@trial.example', timeoutMs: 3000 },
      auth: issuer,
      timing: { ...TEST_TIMING, ...now.timing },
      codeBreakSweepMs: 300,
      publicUrl: 'http://127.0.0.1:3000',
      listen: { host: '127.0.0.1', port: 0 },
      log: testLog,
      telemetry,
      ...(now.interceptors ? { interceptors: now.interceptors } : {}),
      ...(now.queues ? { queues: now.queues } : {}),
      ...(now.clock ? { clock: now.clock } : {}),
      ...(now.edge ? { edge: now.edge } : {}),
      ...(now.deployment ? { deployment: now.deployment } : {}),
      ...now.shown,
    });
  const running: TestSystem = {
    system: await start(changes),
    database,
    temporal,
    mailbox,
    issuer,
    serviceKeysFile,
    get url() {
      return running.system.url;
    },
    readiness: async () => {
      const answers = await Promise.all(running.system.parts.map(async (url) => fetch(`${url}/readyz`)));
      const bodies = await Promise.all(answers.map(async (answer) => (await answer.json()) as { dependencies: Record<string, string> }));
      return { ready: answers.every(({ status }) => status === 200), dependencies: Object.assign({}, ...bodies.map(({ dependencies }) => dependencies)) };
    },
    restart: async (again = {}) => {
      await running.system.stop();
      running.system = await start({ ...changes, ...again });
    },
    stop: async () => {
      await running.system.stop();
      await Promise.all([temporal.stop(), mailbox.stop(), database.drop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return running;
}
