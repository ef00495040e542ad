import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevIssuer } from '../../runtime/dev-issuer.ts';
import { startMailbox } from '../../runtime/embedded/mailbox.ts';
import { startPostgres } from '../../runtime/embedded/postgres.ts';
import { startTemporal } from '../../runtime/embedded/temporal.ts';
import { prepareDatabases } from '../../runtime/provision.ts';
import { sharedServiceKeys } from '../../runtime/rpc/keys.ts';
import { startSystem } from '../../runtime/system.ts';
import { buildWorkflowBundle } from '../../runtime/workflow-bundle.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { testLog } from '../support/log.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { type Changes, TEST_TIMING } from '../support/system.ts';
import type { Stage } from './scene.ts';

/** The whole system outside of a test run, on servers of its own, whose activities fail as the plan says. */
export async function startRecordingSystem(plan: FaultPlan): Promise<Stage & { stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-replay-'));
  const [database, temporal, mailbox, issuer, workflowBundlePath] = await Promise.all([
    startPostgres({ dataDir: join(dir, 'postgres'), settings: { fsync: 'off' }, log: join(dir, 'postgres.log') }),
    startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES }),
    startMailbox(),
    createDevIssuer({ keyFile: join(dir, 'issuer.json') }),
    buildWorkflowBundle(),
  ]);
  const databaseUrls = await prepareDatabases({ adminUrl: database.url, serviceUrls: {}, ownerUrls: {}, secrets: TEST_SECRETS });
  const serviceKeys = await sharedServiceKeys(join(dir, 'services.json'));
  const start = ({ queues }: Pick<Changes, 'queues'> = {}) =>
    startSystem({
      databaseUrls,
      databaseTimeoutMs: 5000,
      secrets: TEST_SECRETS,
      serviceKeys,
      opsEmail: 'ops@trial.example',
      callDeadlineMs: 5000,
      edgeDeadlineMs: 10_000,
      temporal: { connection: { address: temporal.address }, namespace: 'default' },
      workflowBundlePath,
      mail: { smtpUrl: mailbox.smtpUrl, from: 'trial@trial.example', timeoutMs: 3000 },
      auth: issuer,
      codeBreakSweepMs: 300,
      timing: { ...TEST_TIMING, attemptMs: 10_000, roundMs: 600_000 },
      publicUrl: 'http://127.0.0.1:3000',
      listen: { host: '127.0.0.1', port: 0 },
      log: testLog,
      interceptors: plan.interceptors,
      ...(queues ? { queues } : {}),
    });
  const running = {
    system: await start(),
    issuer,
    get url() {
      return running.system.url;
    },
    restart: async (changes?: Changes) => {
      await running.system.stop();
      running.system = await start(changes);
    },
    stop: async () => {
      await running.system.stop();
      await Promise.all([temporal.stop(), mailbox.stop(), database.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return running;
}
