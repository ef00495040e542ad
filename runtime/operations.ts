import { ScheduleOverlapPolicy, ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import type { OperationsPort } from '../activities/index.ts';
import { contentHash } from '../db/index.ts';
import { findStuck } from '../ops/engine/find-stuck.ts';
import type { OpsEngine } from '../ops/engine/engine.ts';
import { resolveRun, type Signing } from '../ops/engine/resolve-run.ts';
import type { AssertionSigner } from '../services/common/index.ts';
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

/** Puts up the schedule of the watch, or brings the one that is there up to date. It goes on without this process. */
export async function ensureWatch(client: Client, { everyMs, escalateAfterMs }: WatchSettings): Promise<void> {
  const args: [WatchInput] = [String(escalateAfterMs)];
  const schedule = {
    spec: { intervals: [{ every: everyMs }] },
    action: { type: 'startWorkflow' as const, workflowType: WATCH_WORKFLOW_TYPE, workflowId: WATCH_SCHEDULE_ID, taskQueue: OPERATIONS_QUEUE, args, workflowExecutionTimeout: '10 minutes' as const, staticSummary: 'Looks for what is stuck' },
    // A look that takes long is not overtaken; what was missed while the server was away is not made up for.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10 seconds' as const },
  };
  try {
    await client.schedule.create<(input: WatchInput) => Promise<WatchResult>>({ scheduleId: WATCH_SCHEDULE_ID, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(WATCH_SCHEDULE_ID).update<(input: WatchInput) => Promise<WatchResult>>((known) => ({ ...schedule, state: known.state }));
  }
}
