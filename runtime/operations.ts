import { type Client, isGrpcServiceError, ScheduleAlreadyRunning, ScheduleOverlapPolicy, ServiceError } from '@temporalio/client';
import type { OperationsPort } from '../activities/index.ts';
import { contentHash } from '../db/index.ts';
import type { OperationsGateway } from '../api/operations-gateway.ts';
import { bulkState, findToRetry, startBulk, stopBulk } from '../ops/engine/bulk-retry.ts';
import { controlActivity } from '../ops/engine/control-activity.ts';
import { diagnose, ill, well } from '../ops/engine/diagnose.ts';
import { EngineLateError, type OpsEngine } from '../ops/engine/engine.ts';
import { ALL_QUEUES, findStuck } from '../ops/engine/find-stuck.ts';
import { locateRun } from '../ops/engine/locate-run.ts';
import { queueStates } from '../ops/engine/queues.ts';
import { resetPlanOf, resetRun } from '../ops/engine/reset-run.ts';
import { resolveRun, type Signing } from '../ops/engine/resolve-run.ts';
import { showRun } from '../ops/engine/show-run.ts';
import { unpauseRun } from '../ops/engine/unpause-run.ts';
import { type AssertionSigner, DomainError } from '../services/common/index.ts';
import { OPERATIONS_QUEUE, WATCH_SCHEDULE_ID, WATCH_WORKFLOW_TYPE, type WatchInput, type WatchResult } from '../workflows/watch-for-stuck/messages.ts';

/** How often is looked for what is stuck, and when operators are told once more of what lasts. */
export type WatchSettings = { everyMs: number; escalateAfterMs: number };

/** What a person asks of a run is signed by the API, whichever way it was asked. */
export function signingOf({ assert, hashKey }: { assert: AssertionSigner; hashKey: Uint8Array }): Signing {
  return { assert, contentHash: (content) => contentHash(hashKey, content) };
}

/** What the worker of the queue `operations` does. */
export function operationsPort(engine: OpsEngine, signing: Signing): OperationsPort {
  return {
    findStuck: ({ known, cursor }) => findStuck(engine, { known: new Map(known.map(({ subject, workflowId }) => [subject, workflowId])), cursor }),
    retryRun: (run, word) => resolveRun(engine, run, { ...word, action: 'retry', signing }),
  };
}

/** What operators see and do over REST. */
export function operationsGateway(engine: OpsEngine, { signing, readiness }: { signing: Signing; readiness: () => Promise<Record<string, string>> }): OperationsGateway {
  const guarded = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => (...args: A) => work(...args).catch((error: unknown) => Promise.reject(fromEngine(error)));
  return {
    listStuck: guarded(async () => {
      const { cases, more } = await findStuck(engine, { details: true });
      return { count: cases.length, more, items: cases.toSorted((a, b) => (a.since < b.since ? -1 : 1)) };
    }),
    locate: guarded((id) => locateRun(engine, id)),
    show: guarded((id) => showRun(engine, id)),
    queues: guarded(() => queueStates(engine, ALL_QUEUES)),
    diagnose: guarded(async () => [...Object.entries(await readiness()).map(dependencyCheck), ...(await diagnose(engine))]),
    retry: guarded((run, word) => resolveRun(engine, run, { ...word, action: 'retry', signing })),
    findToRetry: guarded((asked) => findToRetry(engine, asked)),
    startBulk: guarded((asked) => startBulk(engine, asked)),
    bulkState: guarded((bulkId) => bulkState(engine, bulkId)),
    stopBulk: guarded((bulkId) => stopBulk(engine, bulkId)),
    controlActivity: guarded((run, asked) => controlActivity(engine, run, asked)),
    resetPlan: guarded((run, to) => resetPlanOf(engine, run, to)),
    reset: guarded((run, asked) => resetRun(engine, run, asked)),
    unpause: guarded((run, asked) => unpauseRun(engine, run, asked)),
  };
}

function dependencyCheck([name, state]: [string, string]) {
  return state === 'ok' ? well(name, 'ready') : ill(name, state, 'start it, or correct where it is looked for (README, configuration)');
}

/** Whatever Temporal can't answer now comes as a typed error. */
function fromEngine(error: unknown): unknown {
  const away = error instanceof EngineLateError || error instanceof ServiceError || isGrpcServiceError(error);
  return away ? new DomainError('unavailable', 'workflow_engine_unavailable', 'The workflow engine cannot be reached; repeat it with the same key.') : error;
}

/** What the page of a look says, of which there is one every `STUCK_WATCH_MS`. */
const WATCH_PAGE = {
  staticSummary: 'Looks for what is stuck',
  staticDetails: 'Operators are told once when something is found to be stuck, again when it lasts, and once when it is over. What is stuck now: `GET /api/v1/ops/stuck`, or `ops stuck list`.',
};

/** Puts up the schedule of the watch, or brings the one that is there up to date. It goes on without this process. */
export async function ensureWatch(client: Client, { everyMs, escalateAfterMs }: WatchSettings): Promise<void> {
  const args: [WatchInput] = [String(escalateAfterMs)];
  const schedule = {
    spec: { intervals: [{ every: everyMs }] },
    action: { type: 'startWorkflow' as const, workflowType: WATCH_WORKFLOW_TYPE, workflowId: WATCH_SCHEDULE_ID, taskQueue: OPERATIONS_QUEUE, args, workflowExecutionTimeout: '10 minutes' as const, ...WATCH_PAGE },
    // A look that takes long is not overtaken; what was missed while the server was away is not made up for.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10 seconds' as const },
  };
  try {
    await client.schedule.create<(input: WatchInput) => Promise<WatchResult>>({ scheduleId: WATCH_SCHEDULE_ID, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(WATCH_SCHEDULE_ID);
    // Left alone where nothing has changed: several of the API's processes may start at once.
    const { spec, action } = await handle.describe();
    if (spec.intervals?.[0]?.every === everyMs && action.args?.[0] === args[0] && action.staticDetails === WATCH_PAGE.staticDetails) return;
    await handle.update<(input: WatchInput) => Promise<WatchResult>>((known) => ({ ...schedule, state: known.state }));
  }
}
