// Needs no server: the committed histories of all ways through the process.
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { planReset } from '../../ops/engine/reset-points.ts';
import { recordedHistories } from '../replay/histories.ts';

const HISTORIES = recordedHistories().map(({ file, json }) => ({ file, events: historyFromJSON(json as never).events ?? [] }));
const KEPT = ['recordConsent', 'signEligibility', 'invalidateEligibility', 'confirmSlot', 'randomiseParticipant'];

describe('a reset', () => {
  it.each(HISTORIES)('never does again what was signed, nor the pivot, nor any step that took effect: $file', ({ events }) => {
    for (let length = 4; length <= events.length; length += 1) {
      const soFar = events.slice(0, length);
      for (const { eventId } of soFar) {
        let reRuns;
        try {
          ({ reRuns } = planReset(soFar, Number(eventId)));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^reset_/) });
          continue;
        }
        const again = reRuns.map(({ what, how }) => ({ activity: what.split(' • ')[0]!, how }));
        expect(again.filter(({ activity, how }) => how === 'done' && !['timer', 'message'].includes(activity))).toEqual([]);
        expect(again.filter(({ activity, how }) => KEPT.includes(activity) && how !== 'waiting' && activity.startsWith('confirm'))).toEqual([]);
      }
    }
  });

  it('is possible at least once in most of them, so that the rule above is no empty one', () => {
    const possible = HISTORIES.filter(({ events }) => events.some((_, length) => {
      try {
        return planReset(events.slice(0, length + 1)).toEventId > 0;
      } catch {
        return false;
      }
    }));
    expect(possible.length).toBeGreaterThan(HISTORIES.length / 2);
  });
});
