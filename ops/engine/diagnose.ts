import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { WATCH_SCHEDULE_ID } from '../../workflows/watch-for-stuck/messages.ts';
import { called, type OpsEngine, WORKFLOW_TYPES } from './engine.ts';
import { ALL_QUEUES } from './find-stuck.ts';
import { listRuns } from './open-runs.ts';
import { queueStates } from './queues.ts';

/** What was looked at, what came of it, and what to do where it is not well. */
export type Check = { check: string; ok: boolean; says: string; todo: string | null };

export const well = (check: string, says: string): Check => ({ check, ok: true, says, todo: null });
export const ill = (check: string, says: string, todo: string): Check => ({ check, ok: false, says, todo });

/** What the system was tried with. */
const SERVER = { major: 1, minor: 32 };
const WATCH_LATE = 5;
/** Beyond it deadlines and signatures of a minute's age come out wrong. */
export const MOST_SKEW_MS = 2000;

/** Temporal as the system needs it: version, namespace, search attributes, clock, queues, watch, codec. Never throws. */
export async function diagnose(engine: OpsEngine): Promise<Check[]> {
  const reached = await attempt('temporal', () => server(engine), 'start it, or correct TEMPORAL_ADDRESS; meanwhile no enrollment moves and none is lost');
  if (!reached.ok) return [reached];
  return [
    reached,
    ...(await Promise.all([
      attempt('namespace', () => namespace(engine), 'create it, or correct TEMPORAL_NAMESPACE'),
      attempt('search attributes', () => attributes(engine), 'let the system be started by whoever may add them'),
      attempt('task queues', () => queues(engine), 'see the runbook, "Nobody polls a queue"'),
      attempt('watch', () => watch(engine), 'start the API’s process: it puts the schedule up'),
      attempt('codec', () => codec(engine), 'give this machine the file of payload keys that sealed it (PAYLOAD_KEYS_FILE)'),
    ])),
  ];
}

/** A check that fails says so, without what the error says: that may be anything. */
export async function attempt(check: string, look: () => Promise<Check>, todo: string): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    return ill(check, `no answer (${error instanceof Error ? error.name : 'error'})`, todo);
  }
}

async function server(engine: OpsEngine): Promise<Check> {
  const { serverVersion } = await called(engine, () => engine.client.workflowService.getSystemInfo({}));
  const [major = 0, minor = 0] = (serverVersion ?? '').split('.').map(Number);
  const isOld = major < SERVER.major || (major === SERVER.major && minor < SERVER.minor);
  return isOld ? ill('temporal', `version ${serverVersion}`, `the system was tried with ${SERVER.major}.${SERVER.minor}: upgrade the server`) : well('temporal', `version ${serverVersion}`);
}

async function namespace(engine: OpsEngine): Promise<Check> {
  const { config } = await called(engine, () => engine.client.workflowService.describeNamespace({ namespace: engine.namespace }));
  return well('namespace', `${engine.namespace}, keeps closed runs for ${Math.round(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400)} days`);
}

async function attributes(engine: OpsEngine): Promise<Check> {
  const { customAttributes } = await called(engine, () => engine.client.connection.operatorService.listSearchAttributes({ namespace: engine.namespace }));
  const missing = Object.entries(REQUIRED_SEARCH_ATTRIBUTES).filter(([name]) => customAttributes?.[name] === undefined);
  if (missing.length === 0) return well('search attributes', `all ${Object.keys(REQUIRED_SEARCH_ATTRIBUTES).length} are known`);
  const command = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  return ill('search attributes', `${missing.map(([name]) => name).join(', ')} missing`, `temporal operator search-attribute create ${command}`);
}

async function queues(engine: OpsEngine): Promise<Check> {
  const states = await queueStates(engine, ALL_QUEUES);
  const wrong = states.filter(({ state }) => state !== 'ok').map(({ queue, state }) => `${queue}: ${state === 'behind' ? 'behind' : 'nobody polls'}`);
  return wrong.length === 0 ? well('task queues', 'all are polled, nothing waits') : ill('task queues', wrong.join(', '), 'start their workers (npm start -- worker --service NAME), add some where one is behind');
}

/** Who looks for what is stuck must not be stuck itself. */
async function watch(engine: OpsEngine): Promise<Check> {
  const { info, state, spec } = await called(engine, () => engine.client.schedule.getHandle(WATCH_SCHEDULE_ID).describe());
  if (state.paused) return ill('watch', 'its schedule is paused', 'unpause the schedule in Temporal: nobody is told of what is stuck meanwhile');
  const everyMs = spec.intervals?.[0]?.every ?? 0;
  const last = info.recentActions.at(-1)?.takenAt.getTime() ?? info.createdAt.getTime();
  const ago = engine.clock().getTime() - last;
  // When Temporal began it, by its own clock.
  if (ago < -MOST_SKEW_MS) return ill('watch', `Temporal’s clock is ${-ago} ms ahead of this machine’s`, 'set the clocks by NTP');
  if (ago > WATCH_LATE * everyMs + 10_000) return ill('watch', `last begun ${Math.round(ago / 1000)} s ago`, 'look at the queue "operations" and for runs of watchForStuck that do not end');
  return well('watch', `looks every ${everyMs / 1000} s`);
}

/** Opens the newest start of a run, by this machine's keys. */
async function codec(engine: OpsEngine): Promise<Check> {
  const { runs } = await listRuns(engine, { query: `WorkflowType IN (${WORKFLOW_TYPES.map((type) => `"${type}"`).join(', ')})`, limit: 1 });
  const [run] = runs;
  if (!run) return well('codec', 'nothing sealed yet');
  const { workflowId, runId } = run;
  const page = await called(engine, () => engine.client.workflowService.getWorkflowExecutionHistory({ namespace: engine.namespace, execution: { workflowId, runId }, maximumPageSize: 1 }));
  const payloads = page.history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const codecs = engine.client.options.loadedDataConverter.payloadCodecs;
  let opened = payloads;
  for (const one of codecs) opened = await one.decode(opened);
  return well('codec', 'what Temporal keeps opens with the keys of this machine');
}
