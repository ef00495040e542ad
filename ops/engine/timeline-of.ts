import { instantOf, type OpsEngine } from './engine.ts';

type History = Awaited<ReturnType<ReturnType<OpsEngine['client']['workflow']['getHandle']>['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

/** One line of what happened in a run. `ended`: of an activity or a timer. */
export type TimelineLine = { eventId: number; at: string; what: string; how: 'done' | 'failed' | 'waiting' | 'note' };

/** The activities, timers, messages and task failures of a history in the words of their summaries, oldest first. */
export function timelineOf(events: readonly HistoryEvent[]): TimelineLine[] {
  const ends = endsOf(events);
  return events.flatMap((event) => {
    const what = whatOf(event);
    if (what === null) return [];
    const end = ends.get(Number(event.eventId));
    const isBegun = Boolean(event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes);
    const how = isBegun ? (end ?? 'waiting') : event.workflowTaskFailedEventAttributes ? 'failed' : 'note';
    return [{ eventId: Number(event.eventId), at: instantOf(event.eventTime) ?? '', what, how }];
  });
}

/** Timers that run: what for, and when they end. */
export function pendingTimersOf(events: readonly HistoryEvent[]): { what: string; until: string }[] {
  const ends = endsOf(events);
  return events.filter((event) => event.timerStartedEventAttributes && !ends.has(Number(event.eventId))).map((event) => {
    const fire = event.timerStartedEventAttributes?.startToFireTimeout;
    const until = Date.parse(instantOf(event.eventTime) ?? '') + Number(fire?.seconds ?? 0) * 1000 + (fire?.nanos ?? 0) / 1e6;
    return { what: summaryOf(event) ?? 'timer', until: new Date(until).toISOString() };
  });
}

/** How what was begun at an event has ended. */
function endsOf(events: readonly HistoryEvent[]): Map<number, 'done' | 'failed'> {
  const ends = new Map<number, 'done' | 'failed'>();
  const end = (id: unknown, how: 'done' | 'failed') => void ends.set(Number(id), how);
  for (const event of events) {
    const { activityTaskCompletedEventAttributes: completed, timerFiredEventAttributes: fired, timerCanceledEventAttributes: stopped } = event;
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes ?? event.activityTaskCanceledEventAttributes;
    if (completed) end(completed.scheduledEventId, 'done');
    if (failed) end(failed.scheduledEventId, 'failed');
    if (fired ?? stopped) end((fired ?? stopped)?.startedEventId, 'done');
  }
  return ends;
}

function whatOf(event: HistoryEvent): string | null {
  const { activityTaskScheduledEventAttributes: activity, timerStartedEventAttributes: timer, workflowExecutionUpdateAcceptedEventAttributes: update } = event;
  if (activity) return `${activity.activityType?.name ?? 'activity'} • ${summaryOf(event) ?? ''}`;
  if (timer) return `timer • ${summaryOf(event) ?? ''}`;
  if (update) return `message • ${update.acceptedRequest?.input?.name ?? ''}`;
  if (event.workflowExecutionSignaledEventAttributes) return `message • ${event.workflowExecutionSignaledEventAttributes.signalName ?? ''}`;
  if (event.workflowTaskFailedEventAttributes) return `workflow code failed • ${event.workflowTaskFailedEventAttributes.failure?.applicationFailureInfo?.type ?? 'error'}`;
  if (event.workflowExecutionStartedEventAttributes) return 'started';
  if (event.workflowExecutionCompletedEventAttributes) return 'ended';
  return null;
}

/** Plain text by rule: the codec leaves it readable. */
function summaryOf(event: HistoryEvent): string | null {
  const data = event.userMetadata?.summary?.data;
  if (!data) return null;
  const text: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  return typeof text === 'string' ? text : null;
}
