import type { User } from '../services/common/index.ts';
import type { BulkResponse, CheckResponse, QueueResponse, ResetResponse, RunResponse, StuckResponse } from './responses/operations.ts';

/** Who says it, why and under which key: the same key again has no second effect. */
export type OperatorsWord = { actor: User; reason: string; requestId: string; key: string };

export type LocatedRun = { workflowId: string; runId: string; workflowType: string; enrollmentId: string | null; stuckStep: string | null; stage: string | null; status: string };
export type BulkState = Omit<BulkResponse, 'items' | 'state' | 'bulkId'> & { bulkId: string; state: 'running' | 'done' | 'stopped' };
export type ResetPlan = Pick<ResetResponse, 'toEventId' | 'earliestEventId' | 'reRuns'>;

/**
 * The API's way to what operators see and do in the workflow engine; every call is bounded. `id` is that of an
 * enrollment or a workflow id. Throws DomainErrors: `run_not_found`, what a run refuses with its code, `bad_query`,
 * `workflow_engine_unavailable`, `outcome_unknown`.
 */
export type OperationsGateway = {
  listStuck(): Promise<StuckResponse>;
  locate(id: string): Promise<LocatedRun>;
  show(id: string): Promise<RunResponse>;
  queues(): Promise<QueueResponse[]>;
  diagnose(): Promise<CheckResponse[]>;
  retry(run: LocatedRun, word: OperatorsWord): Promise<void>;
  findToRetry(asked: { query: string; limit: number }): Promise<LocatedRun[]>;
  startBulk(asked: { bulkId: string; runs: LocatedRun[]; rate: number } & Omit<OperatorsWord, 'key'>): Promise<void>;
  bulkState(bulkId: string): Promise<BulkState>;
  stopBulk(bulkId: string): Promise<void>;
  controlActivity(run: LocatedRun, asked: { action: 'reset' | 'pause' | 'unpause'; activity: string; key: string }): Promise<{ activityId: string; activity: string }>;
  resetPlan(run: LocatedRun, to: number | undefined): Promise<ResetPlan>;
  reset(run: LocatedRun, asked: { toEventId: number; key: string }): Promise<string>;
  unpause(run: LocatedRun, asked: { key: string }): Promise<void>;
};
