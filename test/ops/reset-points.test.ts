// Needs no server: the committed histories of all ways through the process.
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { planReset, type ResetPlan } from '../../ops/engine/reset-points.ts';
import type { HistoryEvent } from '../../ops/engine/timeline-of.ts';
import { recordedHistories } from '../replay/histories.ts';

const HISTORIES = recordedHistories().map(({ file, json }) => ({ file, events: historyFromJSON(json as never).events ?? [] }));
const isTaskEnd = (event: HistoryEvent) => Boolean(event.workflowTaskCompletedEventAttributes);

/** The plan, or the code with which it is refused. */
function planned(events: readonly HistoryEvent[], to?: number): ResetPlan | { code: string } {
  try {
    return planReset(events, to);
  } catch (error) {
    return { code: String((error as { code?: unknown }).code) };
  }
}

describe('a reset', () => {
  it.each(HISTORIES)('does nothing again that took effect, wherever the run stands: $file', ({ events }) => {
    // As it stood right before each task that followed: everything that had come in by then is there.
    for (const [length, event] of events.entries()) {
      if (!event.workflowTaskStartedEventAttributes && length !== events.length - 1) continue;
      const soFar = events.slice(0, length + 1);
      for (const { eventId } of soFar.filter(isTaskEnd)) {
        const plan = planned(soFar, Number(eventId));
        if ('code' in plan) expect(plan.code).toBe('reset_too_far');
        else expect(plan.reRuns.filter(({ what, how }) => how === 'done' && !/^(timer|message) /.test(what))).toEqual([]);
      }
    }
  });

  it('goes to the end of a workflow task only', () => {
    const [{ events } = { events: [] }] = HISTORIES;
    for (const { eventId } of events.filter((event) => !isTaskEnd(event))) expect(planned(events, Number(eventId))).toMatchObject({ code: expect.stringMatching(/^reset_/) });
  });

  it('is possible on the way in most of them, so that the rule above is no empty one', () => {
    const possible = HISTORIES.filter(({ events }) => events.some((_, length) => !('code' in planned(events.slice(0, length + 1)))));
    expect(possible.length).toBeGreaterThan(HISTORIES.length / 2);
  });
});
