import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CONSENT_RECORDED, NOT_ENROLLED, trial, WINDOW } from './trial.ts';
import { WAITS } from './waits.ts';

/** Beyond every deadline of the protocols here. */
const LONG = 90 * DAY;

describe('nobody is left in silence: when nobody ever does anything, an outcome is recorded in time and told to whom it concerns', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  it.each(WAITS)('waiting for $waits', async ({ awaiting, consent, protocol, fails, come, reason, told, slots }) => {
    const within = await trial(system, { protocol, cap: 1 });
    const patientId = await within.register();
    if (fails) system.faults.fail(fails, patientId);
    const one = await within.begin({ patientId, consent });
    await come(one, within);
    // When it says that it will end, it ends; what is stuck has no time of its own, but the screening window.
    const at = awaiting === null ? one.signedAt.getTime() + WINDOW : (await one.awaits(awaiting)).until;
    await one.justBefore(at);
    await one.advanceTo(at + LONG);
    await one.expired(reason, { at, mails: [...CONSENT_RECORDED, ...told, ...NOT_ENROLLED], slots });
    // The one place of the site is free again.
    expect(await one.evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 0 }]);
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
