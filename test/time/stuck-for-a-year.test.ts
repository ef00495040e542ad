import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOf } from '../enrollment/evidence.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CONSENT_RECORDED, DIRECT_PROTOCOL, ENROLLED, trial } from './trial.ts';

/** So many events end a run by force, with Temporal's own settings. */
const FORCED_END = 51_200;

describe('what stays broken for long is tried less and less often', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  it('a step that fails for a year leaves two thirds of the history free, and goes through once it is mended', async () => {
    const within = await trial(system, { protocol: DIRECT_PROTOCOL });
    const patientId = await within.register();
    // The dearest one: the mails that tell of being stuck fail with it, in each round.
    const mend = system.faults.fail('sendNotice', patientId);
    const one = await within.begin({ patientId });
    await one.parked('notices');
    const since = system.clock.now().getTime();
    const eventsAfter = async (days: number) => {
      await one.advanceTo(since + days * DAY);
      return (await runOf(system.at, within.study, patientId).describe()).historyLength;
    };
    const firstDay = await eventsAfter(1);
    const firstMonth = await eventsAfter(31);
    // Every quarter of an hour for some hours, then once a day.
    expect((firstMonth - firstDay) / 30).toBeLessThan(firstDay / 15);
    for (let days = 61; days < 365; days += 30) await eventsAfter(days);
    const year = await eventsAfter(365);
    expect(year).toBeGreaterThan(365 * 10);
    expect(year).toBeLessThan(FORCED_END / 3);
    await one.retried(mend);
    await one.active({ mails: [...CONSENT_RECORDED, ...ENROLLED] });
  });
});
