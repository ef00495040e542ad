import { DomainError } from '../../services/common/index.ts';
import { type HistoryEvent, timelineOf, type TimelineLine } from './timeline-of.ts';

/** What somebody has signed (21 CFR Part 11), and what takes it back. */
const SIGNED = new Set(['recordConsent', 'signEligibility', 'invalidateEligibility']);
/** The pivot counts from when it was begun: a lost answer may hide that it took effect. */
const PIVOT = new Set(['confirmSlot', 'randomiseParticipant']);

export type ResetPlan = {
  /** The end of a workflow task: what came before it stays. */
  toEventId: number;
  /** The first event that it may go back to. */
  earliestEventId: number;
  /** What is done again. */
  reRuns: TimelineLine[];
};

/**
 * What a reset to the end of a workflow task would do again; without `to`, of the last one. Never to before an accepted
 * signature or the pivot, nor to before any step that has taken effect: the record in Study is ahead of that, and what
 * a step says may hold the time of its first try. Throws `reset_not_possible`, `reset_too_far`.
 */
export function planReset(events: readonly HistoryEvent[], to?: number): ResetPlan {
  const { signed, effect } = floorsOf(events);
  const ends = events.filter((event) => event.workflowTaskCompletedEventAttributes).map(({ eventId }) => Number(eventId));
  const possible = ends.filter((eventId) => eventId > effect);
  const toEventId = to ?? possible.at(-1);
  if (toEventId === undefined) throw new DomainError('conflict', 'reset_not_possible', 'Nothing has happened since the last step that took effect which a reset could do again.');
  if (toEventId <= signed) throw new DomainError('conflict', 'reset_too_far', `An accepted signature or the pivot stands at event ${signed}: a reset never goes to before it.`);
  if (toEventId <= effect) throw new DomainError('conflict', 'reset_too_far', `A step has taken effect at event ${effect}: a reset never goes to before it.`);
  if (!ends.includes(toEventId)) throw new DomainError('invalid', 'reset_not_possible', `Event ${toEventId} is not the end of a workflow task. These are: ${possible.slice(-10).join(', ')}.`);
  return { toEventId, earliestEventId: possible[0] ?? toEventId, reRuns: timelineOf(events).filter(({ eventId }) => eventId > toEventId) };
}

/** The last event that has to stay: of a signature or the pivot, and of any step. */
function floorsOf(events: readonly HistoryEvent[]): { signed: number; effect: number } {
  const types = new Map(events.map((event) => [Number(event.eventId), event.activityTaskScheduledEventAttributes?.activityType?.name ?? '']));
  let [signed, effect] = [0, 0];
  for (const event of events) {
    const id = Number(event.eventId);
    const completed = types.get(Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? 0)) ?? '';
    if (PIVOT.has(types.get(id) ?? '') || PIVOT.has(completed) || SIGNED.has(completed)) signed = id;
    if (completed !== '') effect = id;
  }
  return { signed, effect: Math.max(signed, effect) };
}
