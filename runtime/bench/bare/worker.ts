import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import postgres from 'postgres';
import { QUEUES } from '../../workers.ts';
import { bareActivities } from './activities.ts';

export type BareSide = {
  /** Runs the bare workflow from start to result. */
  run(): Promise<void>;
  /** Names of the activities that the newest run scheduled, in their order. */
  graph(): Promise<string[]>;
  stop(): Promise<void>;
};

const WORKFLOW = 'bare';
const silent = () => undefined;

/** The bundle of the bare workflow: made once, it serves every server. */
export async function bundleBare(): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: (message) => console.error(message) },
  });
}

/** The table of the bare activities. */
export async function createBareTable(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: silent });
  await sql`create schema if not exists bench`;
  await sql`create table if not exists bench.bare (id uuid primary key, run text not null, at timestamptz not null default now())`;
  await sql.end({ timeout: 5 });
}

/**
 * Workers for the bare workflow, one for each of our task queues with the options of ours, in a namespace of their
 * own: on the same server and the same queues, without taking our workers' tasks. One pool of ten connections per queue.
 */
export async function startBare(options: { address: string; namespace: string; adminUrl: string; bundle: { code: string } }): Promise<BareSide> {
  const { address, namespace, adminUrl, bundle } = options;
  const connection = await Connection.connect({ address });
  if (namespace !== 'default') await createNamespace(connection, namespace);
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const pools = QUEUES.map(() => postgres(adminUrl, { max: 10, onnotice: silent }));
  await Promise.all(pools.flatMap((sql) => [sql`select 1`, sql`select 1`, sql`select 1`]));
  const workers = await Promise.all(
    QUEUES.map((taskQueue, at) =>
      Worker.create({
        connection: native,
        namespace,
        taskQueue,
        ...(taskQueue === 'enrollment'
          ? { workflowBundle: bundle, maxCachedWorkflows: 250 }
          : { activities: bareActivities(pools[at] ?? pools[0]!), maxConcurrentActivityTaskExecutions: 40 }),
      }),
    ),
  );
  const finished = Promise.all(workers.map((worker) => worker.run()));
  let newest = '';
  return {
    run: async () => {
      newest = `bare/${randomUUID()}`;
      await client.workflow.execute(WORKFLOW, { workflowId: newest, taskQueue: 'enrollment', args: [newest] });
    },
    graph: async () => activitiesOf(client, newest),
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await finished;
      await Promise.all(pools.map((sql) => sql.end({ timeout: 5 })));
      await native.close();
      await connection.close();
    },
  };
}

/** Names of the activities of a workflow in the order in which they were scheduled. */
export async function activitiesOf(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? []);
}

/** The server's parts learn of a new namespace one after the other: waits until starting in it works; bounded. */
async function createNamespace(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  const client = new Client({ connection, namespace });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.workflow.start('probe', { workflowId: 'probe', taskQueue: 'probe', workflowExecutionTimeout: 1000 });
      return;
    } catch (error) {
      if (attempt === 60) throw error;
      await delay(500);
    }
  }
}
