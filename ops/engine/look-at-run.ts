import { WorkflowNotFoundError } from '@temporalio/client';
// CommonJS: Node finds no named exports in it.
import proto from '@temporalio/proto';
import type { StuckCase, StuckKind } from '../../services/common/index.ts';
import { attentionItems } from '../../workflows/attention-messages.ts';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { AttentionItem } from '../../workflows/consent-to-enrollment/types.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { called, instantOf, type OpsEngine } from './engine.ts';
import { failureOf } from './failure-of.ts';
import { type ListedRun, subjectOf } from './open-runs.ts';
import { suggestionFor } from './suggestion.ts';

/** An activity counts as stuck once it was tried so often and for so long. */
const TRIED = { attempts: 3, forMs: 20_000 };
const FAILED_TASKS = 3;
const TASK_SCHEDULED = proto.temporal.api.enums.v1.PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED;
/** Whoever polls takes a task at once. */
const UNSERVED_MS = 20_000;
/** A timer fires within a second. */
const OVERDUE_MS = 30_000;
const QUERY_MS = 1500;

export type Described = Awaited<ReturnType<ReturnType<OpsEngine['client']['workflow']['getHandle']>['describe']>>;
export type PendingActivity = NonNullable<Described['raw']['pendingActivities']>[number];

/** State of a pending activity in Temporal's wire format. */
const PAUSED_STATES = ['PENDING_ACTIVITY_STATE_PAUSED', 'PENDING_ACTIVITY_STATE_PAUSE_REQUESTED'];
export const stateOf = ({ state }: PendingActivity): string => STATES[state ?? 0] ?? 'PENDING_ACTIVITY_STATE_UNSPECIFIED';
const STATES = ['PENDING_ACTIVITY_STATE_UNSPECIFIED', 'PENDING_ACTIVITY_STATE_SCHEDULED', 'PENDING_ACTIVITY_STATE_STARTED', 'PENDING_ACTIVITY_STATE_CANCEL_REQUESTED', ...PAUSED_STATES];

export const describeRun = (engine: OpsEngine, { workflowId, runId }: Pick<ListedRun, 'workflowId' | 'runId'>): Promise<Described> =>
  called(engine, () => engine.client.workflow.getHandle(workflowId, runId).describe());

type Finding = { kind: StuckKind; step: string } & Partial<Pick<StuckCase, 'code' | 'attempts' | 'since' | 'lastFailureAt' | 'nextRetryAt'>>;

/**
 * What is wrong with a run, the gravest first; null when nothing is, or when it has ended. With `details` it is asked
 * itself what has failed, which needs a worker.
 */
export async function lookAtRun(engine: OpsEngine, run: ListedRun, { details }: { details: boolean }): Promise<StuckCase | null> {
  const described = await describeRun(engine, run).catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  });
  if (!described || (described.status.name !== 'RUNNING' && described.status.name !== 'PAUSED')) return null;
  const found = (await held(run, described)) ?? failingTask(run, described) ?? (await needingAttention(engine, run, details)) ?? (await pending(engine, run, described)) ?? overdue(engine, described) ?? unserved(engine, described);
  return found && toCase(engine, run, found);
}

/** Is an activity or a workflow task of it under way, or waiting to be taken? False once it has ended. */
export async function hasWork(engine: OpsEngine, run: ListedRun): Promise<boolean> {
  const described = await describeRun(engine, run);
  if (described.status.name !== 'RUNNING') return false;
  return (described.raw.pendingActivities ?? []).length > 0 || Boolean(described.raw.pendingWorkflowTask);
}

/** A case of what was found. */
function toCase({ clock }: OpsEngine, run: ListedRun, { kind, step, ...finding }: Finding): StuckCase {
  const { workflowId, enrollmentId } = run;
  return {
    subject: subjectOf(run), kind, step, workflowId, enrollmentId,
    code: null, attempts: null, since: clock().toISOString(), lastFailureAt: null, nextRetryAt: null,
    ...finding,
    suggestion: suggestionFor(kind, enrollmentId ?? workflowId, step),
  };
}

async function held(run: ListedRun, { status, raw }: Described): Promise<Finding | null> {
  if (status.name !== 'PAUSED') return null;
  return { kind: 'workflow_paused', step: run.stage ?? run.workflowType, since: instantOf(raw.workflowExtendedInfo?.pauseInfo?.pausedTime) ?? run.startedAt };
}

function failingTask({ problems, stage, workflowType, startedAt }: ListedRun, { raw }: Described): Finding | null {
  const task = raw.pendingWorkflowTask;
  const attempts = task?.attempt ?? 0;
  if (problems.length === 0 && attempts < FAILED_TASKS) return null;
  return {
    kind: 'workflow_task_failing', step: stage ?? workflowType, attempts,
    code: problems.find((one) => one.startsWith('cause='))?.slice('cause='.length) ?? 'WorkflowTaskFailed',
    since: instantOf(task?.originalScheduledTime) ?? startedAt,
    lastFailureAt: instantOf(task?.scheduledTime),
  };
}

/** Its next workflow task waits and nobody takes it: the version that it is bound to has no worker, or none at all is there. */
function unserved({ clock }: OpsEngine, { raw }: Described): Finding | null {
  const task = raw.pendingWorkflowTask;
  const since = instantOf(task?.originalScheduledTime);
  if (since === null || task?.state !== TASK_SCHEDULED || clock().getTime() - Date.parse(since) < UNSERVED_MS) return null;
  const { deploymentVersion } = raw.workflowExecutionInfo?.versioningInfo ?? {};
  return { kind: 'no_poller', step: TASK_QUEUE, code: deploymentVersion?.buildId ? `version_${deploymentVersion.buildId}` : null, since };
}

async function needingAttention(engine: OpsEngine, run: ListedRun, details: boolean): Promise<Finding | null> {
  if (!run.needsAttention) return null;
  const [item] = details ? await itemsOf(engine, run) : [];
  if (!item) return { kind: formOf(run), step: run.stuckStep ?? run.stage ?? '' };
  const { step, code, attempts, firstFailedAt: since, since: lastFailureAt, nextRoundAt: nextRetryAt } = item;
  const inRounds = isUndone(step) ? 'compensation_failing' : 'next_round';
  return { kind: nextRetryAt === null ? 'parked' : inRounds, step, code, attempts, since, lastFailureAt, nextRetryAt };
}

/** As far as the search attributes tell. */
function formOf({ stuckStep, stage, workflowType }: ListedRun): StuckKind {
  if (isUndone(stuckStep)) return 'compensation_failing';
  return stage === 'activation' || workflowType !== WORKFLOW_TYPE || stuckStep === 'outcome' ? 'next_round' : 'parked';
}

const isUndone = (step: string | null) => step?.startsWith('UNDO: ') ?? false;

/** What a run says of itself; nothing when no worker answers, or when it is of a version that can't. */
export async function itemsOf(engine: OpsEngine, { workflowId, runId }: Pick<ListedRun, 'workflowId' | 'runId'>): Promise<AttentionItem[]> {
  const handle = engine.client.workflow.getHandle(workflowId, runId);
  return called(engine, () => handle.query(attentionItems), QUERY_MS).catch(() => []);
}

async function pending(engine: OpsEngine, run: ListedRun, { raw }: Described): Promise<Finding | null> {
  const activities = raw.pendingActivities ?? [];
  const paused = activities.find((one) => PAUSED_STATES.includes(stateOf(one)));
  if (paused) return activityFinding(engine, run, paused, 'activity_paused');
  for (const one of activities.filter(({ attempt }) => (attempt ?? 1) >= TRIED.attempts)) {
    const finding = await activityFinding(engine, run, one, 'activity_retrying');
    if (engine.clock().getTime() - Date.parse(finding.since ?? '') >= TRIED.forMs) return finding;
  }
  return null;
}

/** A deadline of which nothing has come. */
function overdue({ clock }: OpsEngine, { typedSearchAttributes: known }: Described): Finding | null {
  const until = known.get(searchAttributes.awaitedUntil);
  if (!until || clock().getTime() - until.getTime() < OVERDUE_MS) return null;
  return { kind: 'timer_overdue', step: known.get(searchAttributes.awaiting) ?? 'deadline', since: until.toISOString() };
}

async function activityFinding(engine: OpsEngine, run: ListedRun, one: PendingActivity, kind: StuckKind): Promise<Finding> {
  const failure = await failureOf(engine, one.lastFailure);
  return {
    kind,
    step: one.activityType?.name ?? '',
    code: failure?.code ?? null,
    attempts: one.attempt ?? 1,
    since: (await scheduledAt(engine, run, one.activityId ?? '')) ?? instantOf(one.lastStartedTime) ?? run.startedAt,
    lastFailureAt: failure ? instantOf(one.lastAttemptCompleteTime) ?? instantOf(one.lastStartedTime) : null,
    nextRetryAt: kind === 'activity_paused' ? null : instantOf(one.nextAttemptScheduleTime) ?? instantOf(one.scheduledTime),
  };
}

/** When an activity was asked for first: what is pending tells of its next attempt only. */
async function scheduledAt(engine: OpsEngine, { workflowId, runId }: ListedRun, activityId: string): Promise<string | null> {
  const history = await called(engine, () => engine.client.workflow.getHandle(workflowId, runId).fetchHistory());
  return instantOf(history.events?.findLast((event) => event.activityTaskScheduledEventAttributes?.activityId === activityId)?.eventTime);
}
