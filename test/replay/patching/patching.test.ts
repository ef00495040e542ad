// A worked example of changing workflow code while runs are open, step by step; docs/replay.md refers to it.
// Real: Temporal's server, its workers, replay. Small: the workflow, in the four versions that lie beside this file.
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTemporal, startTemporal } from '../../../runtime/embedded/temporal.ts';
import { installTemporalLog } from '../../../runtime/logging.ts';
import { dataConverterOf, FAILURE_CONVERTER } from '../../../runtime/temporal-codec/data-converter.ts';
import { eventually } from '../../enrollment/faults.ts';
import { testLog } from '../../support/log.ts';
import { TEST_SECRETS } from '../../support/secrets.ts';
import { replayed } from '../replaying.ts';
import { confirmed, visit } from './1-before.ts';

installTemporalLog(testLog);

const VERSIONS = ['1-before', '2-patched', '3-deprecated', '4-removed'] as const;
type Version = (typeof VERSIONS)[number];
/** A run is called after the version of the code that it began with. */
const runs = VERSIONS.map((version) => `began with ${version}`);
const [BEFORE, PATCHED] = runs as [string, string];

const { payloadKeys } = TEST_SECRETS;
const dataConverter = dataConverterOf(payloadKeys);
const taskQueue = 'visits';
const silent = () => undefined;

describe('a taxi is to be ordered with each invitation, while runs are open that are past it', () => {
  const bundles = new Map<Version, { code: string }>();
  let server: RunningTemporal;
  let connection: Connection;
  let native: NativeConnection;
  let client: Client;

  beforeAll(async () => {
    server = await startTemporal({ searchAttributes: {} });
    connection = await Connection.connect({ address: server.address });
    native = await NativeConnection.connect({ address: server.address });
    client = new Client({ connection, dataConverter });
    const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
    for (const version of VERSIONS) {
      const workflowsPath = fileURLToPath(new URL(`${version}.ts`, import.meta.url));
      bundles.set(version, await bundleWorkflowCode({ workflowsPath, failureConverterPath: FAILURE_CONVERTER, logger }));
      await deployed(version, () => invited(`began with ${version}`));
    }
  });
  afterAll(async () => {
    await native.close();
    await connection.close();
    await server.stop();
  });

  it.each([
    // Step 1. The change alone, as of 4-removed, breaks the runs that are open (BEFORE). Under patched() these go on.
    { code: '1-before', goesOnWith: ['1-before'] },
    { code: '2-patched', goesOnWith: ['1-before', '2-patched', '3-deprecated'] },
    // Step 2. deprecatePatch() when no run is open that began before the patch: it would be led onto the new way.
    { code: '3-deprecated', goesOnWith: ['2-patched', '3-deprecated', '4-removed'] },
    // Step 3. Nothing is left of it when no run is open that has the marker of patched(): the code would not expect it.
    { code: '4-removed', goesOnWith: ['3-deprecated', '4-removed'] },
    // So each step goes on with what began one step before it or after it, and a step may be taken back, but not two.
  ] as const)('the code of $code replays open runs that began with $goesOnWith, and refuses the others', async ({ code, goesOnWith }) => {
    const histories = await Promise.all(runs.map(async (name) => ({ name, workflowId: name, history: await client.workflow.getHandle(name).fetchHistory() })));
    const good: string[] = [];
    for await (const { name, failure } of replayed({ workflowBundle: bundles.get(code)!, payloadKeys }, histories)) {
      if (failure === null) good.push(name);
    }
    expect(good).toEqual(goesOnWith.map((version) => `began with ${version}`));
  });

  it('a change without patched() that was deployed all the same fails the task of an open run, not the run', async () => {
    await deployed('4-removed', async () => {
      await client.workflow.getHandle(BEFORE).signal(confirmed);
      await eventually('the task fails', async () => (await eventsOf(BEFORE)).some(({ type, cause }) => type === 'WORKFLOW_TASK_FAILED' && cause === 'WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR'));
    });
    expect(await client.workflow.getHandle(BEFORE).describe()).toMatchObject({ status: { name: 'RUNNING' } });
  });

  it('and goes on as soon as the code is right: what was open in the old way, what is new in the new one', async () => {
    await deployed('2-patched', async () => {
      await client.workflow.getHandle(PATCHED).signal(confirmed);
      for (const run of [BEFORE, PATCHED]) expect(await client.workflow.getHandle(run).result()).toBe('booked');
    });
    expect(await activitiesOf(BEFORE)).toEqual(['invite', 'book']);
    expect(await activitiesOf(PATCHED)).toEqual(['invite', 'orderTaxi', 'book']);
  });

  it('the server tells which open runs have the marker of a patch', async () => {
    const marked: string[] = [];
    await eventually('the list has caught up', async () => {
      marked.length = 0;
      for await (const { workflowId } of client.workflow.list({ query: "TemporalChangeVersion = 'taxi-with-the-invitation'" })) marked.push(workflowId);
      return marked.length >= 2;
    });
    expect(marked.toSorted()).toEqual(['began with 2-patched', 'began with 3-deprecated']);
  });

  /** A worker runs with this version of the code for as long as `work` takes. */
  async function deployed(version: Version, work: () => Promise<void>): Promise<void> {
    const nothing = () => Promise.resolve();
    const worker = await Worker.create({
      connection: native, taskQueue, workflowBundle: bundles.get(version)!, dataConverter,
      activities: { invite: nothing, orderTaxi: nothing, book: nothing },
      // Each task replays the whole history, as it does after a deploy.
      maxCachedWorkflows: 0,
    });
    await worker.runUntil(work);
  }

  /** Begun, and past everything that comes before the confirmation. */
  async function invited(workflowId: string): Promise<void> {
    await client.workflow.start(visit, { workflowId, taskQueue });
    await eventually(`${workflowId} waits`, async () => (await eventsOf(workflowId)).at(-1)?.type === 'TIMER_STARTED');
  }

  type Event = { eventType: string; workflowTaskFailedEventAttributes?: { cause?: string }; activityTaskScheduledEventAttributes?: { activityType: { name: string } } };

  async function eventsOf(workflowId: string) {
    const { events } = JSON.parse(historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory())) as { events: Event[] };
    return events.map((event) => ({
      type: event.eventType.replace('EVENT_TYPE_', ''),
      cause: event.workflowTaskFailedEventAttributes?.cause,
      activity: event.activityTaskScheduledEventAttributes?.activityType.name,
    }));
  }

  async function activitiesOf(workflowId: string): Promise<string[]> {
    return (await eventsOf(workflowId)).flatMap(({ activity }) => activity ?? []);
  }
});
