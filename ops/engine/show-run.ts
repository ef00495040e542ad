import { enrollmentView, WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { AttentionItem, EnrollmentView } from '../../workflows/consent-to-enrollment/types.ts';
import { called, instantOf, type OpsEngine } from './engine.ts';
import { failureOf, type ShownFailure } from './failure-of.ts';
import { actionsOf, type ShownAction } from './actions-of.ts';
import { locateRun } from './locate-run.ts';
import { describeRun, itemsOf, lookAtRun, stateOf } from './look-at-run.ts';
import { pendingTimersOf, timelineOf, type TimelineLine } from './timeline-of.ts';
import type { StuckCase } from '../../services/common/index.ts';

const QUERY_MS = 2000;
const LAST_LINES = 30;

export type ShownRun = {
  workflowId: string;
  runId: string;
  workflowType: string;
  enrollmentId: string | null;
  status: string;
  stage: string | null;
  outcome: string | null;
  /** False: no worker has answered; what follows is what Temporal knows by itself. */
  answers: boolean;
  /** What is wrong with it; null when nothing is. */
  stuck: StuckCase | null;
  awaiting: EnrollmentView['awaiting'];
  attention: AttentionItem[];
  pendingActivities: { activityId: string; activity: string; state: string; attempt: number; nextAttemptAt: string | null; lastFailure: ShownFailure | null }[];
  pendingTimers: { what: string; until: string; overdue: boolean }[];
  /** Attempts at the workflow task that is under way; null when none is. */
  workflowTaskAttempt: number | null;
  lastWorkflowTaskFailure: ShownFailure | null;
  pausedBy: { who: string; why: string; at: string | null } | null;
  /** The last lines of what happened. */
  timeline: TimelineLine[];
  historyEvents: number;
  historyBytes: number;
  actions: ShownAction[];
};

/** Everything that an operator needs to know of a run, on one page. Throws `run_not_found`. */
export async function showRun(engine: OpsEngine, id: string): Promise<ShownRun> {
  const run = await locateRun(engine, id);
  const handle = engine.client.workflow.getHandle(run.workflowId, run.runId);
  const isEnrollment = run.workflowType === WORKFLOW_TYPE;
  const [described, history, view, items, stuck] = await Promise.all([
    describeRun(engine, run),
    called(engine, () => handle.fetchHistory(), 10_000),
    isEnrollment ? called(engine, () => handle.query(enrollmentView), QUERY_MS).catch(() => null) : null,
    itemsOf(engine, run),
    lookAtRun(engine, run, { details: true }),
  ]);
  const { raw, status, historyLength } = described;
  const events = history.events ?? [];
  const now = engine.clock().toISOString();
  const attention = view?.attention ?? items;
  const failedTask = events.findLast((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes;
  const pause = raw.workflowExtendedInfo?.pauseInfo;
  const pendingActivities = await Promise.all(
    (raw.pendingActivities ?? []).map(async (one) => ({
      activityId: one.activityId ?? '', activity: one.activityType?.name ?? '',
      state: stateOf(one).replace('PENDING_ACTIVITY_STATE_', '').toLowerCase(),
      attempt: one.attempt ?? 1,
      nextAttemptAt: instantOf(one.nextAttemptScheduleTime),
      lastFailure: await failureOf(engine, one.lastFailure),
    })),
  );
  return {
    workflowId: run.workflowId, runId: run.runId, workflowType: run.workflowType, enrollmentId: run.enrollmentId,
    status: status.name, stage: view?.stage ?? run.stage, outcome: view?.outcome ?? null,
    answers: view !== null || (!isEnrollment && status.name === 'RUNNING'),
    stuck, awaiting: view?.awaiting ?? null, attention, pendingActivities,
    pendingTimers: status.name === 'RUNNING' || status.name === 'PAUSED' ? pendingTimersOf(events).map((timer) => ({ ...timer, overdue: timer.until < now })) : [],
    workflowTaskAttempt: raw.pendingWorkflowTask?.attempt ?? null,
    lastWorkflowTaskFailure: stuck?.kind === 'workflow_task_failing' ? await failureOf(engine, failedTask?.failure) : null,
    pausedBy: pause ? { who: pause.identity ?? '', why: pause.reason ?? '', at: instantOf(pause.pausedTime) } : null,
    timeline: timelineOf(events).slice(-LAST_LINES),
    historyEvents: historyLength, historyBytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
    actions: actionsOf({ id: run.enrollmentId ?? run.workflowId, status: status.name, view, attention, pendingActivities }),
  };
}
