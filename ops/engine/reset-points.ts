import { DomainError } from '../../services/common/index.ts';
import { type HistoryEvent, timelineOf, type TimelineLine } from './timeline-of.ts';

/** What somebody has signed (21 CFR Part 11), and what takes it back: a reset never goes to before one that was recorded. */
const SIGNED = new Set(['recordConsent', 'signEligibility', 'invalidateEligibility']);
/** The pivot: nor to before it was begun, for a lost answer may hide that it took effect. */
const PIVOT = new Set(['confirmSlot', 'randomiseParticipant']);

export type ResetPlan = {
  /** The end of a workflow task: what came before it stays. */
  toEventId: number;
  /** The first event that it may go back to. */
  earliestEventId: number;
  /** What is done again; a step that took effect answers as before under its key. */
  reRuns: TimelineLine[];
};

/**
 * What a reset to the end of a workflow task would do again; without `to`, of the last one. Throws `reset_not_possible`
 * where there is none, `reset_too_far` before an accepted signature or the pivot.
 */
export function planReset(events: readonly HistoryEvent[], to?: number): ResetPlan {
  const floor = floorOf(events);
  const ends = events.filter((event) => event.workflowTaskCompletedEventAttributes).map(({ eventId }) => Number(eventId));
  const possible = ends.filter((eventId) => eventId > floor);
  const toEventId = to ?? possible.at(-1);
  if (toEventId === undefined) throw new DomainError('conflict', 'reset_not_possible', 'Nothing has happened since the last accepted signature or the pivot that a reset could do again.');
  if (toEventId <= floor) throw new DomainError('conflict', 'reset_too_far', `An accepted signature or the pivot stands at event ${floor}: a reset never goes to before it.`);
  if (!ends.includes(toEventId)) throw new DomainError('invalid', 'reset_not_possible', `Event ${toEventId} is not the end of a workflow task. These are: ${possible.slice(-10).join(', ')}.`);
  return { toEventId, earliestEventId: possible[0] ?? toEventId, reRuns: timelineOf(events).filter(({ eventId }) => eventId > toEventId) };
}

function floorOf(events: readonly HistoryEvent[]): number {
  const types = new Map(events.map((event) => [Number(event.eventId), event.activityTaskScheduledEventAttributes?.activityType?.name ?? '']));
  const floors = events.map((event) => {
    const scheduled = types.get(Number(event.eventId)) ?? '';
    if (PIVOT.has(scheduled)) return Number(event.eventId);
    const completed = types.get(Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? 0)) ?? '';
    return SIGNED.has(completed) || PIVOT.has(completed) ? Number(event.eventId) : 0;
  });
  return Math.max(0, ...floors);
}
