// Real, but for the clock: PostgreSQL, SMTP, REST, workers; Temporal's server that skips time.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answered } from '../enrollment/faults.ts';
import { settled } from './end.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CLOSED, CONSENT_RECORDED, NOT_ENROLLED, type Participant, RANDOMISED_PROTOCOL, SIGNATURE_REQUESTED, type Trial, trial, WINDOW } from './trial.ts';

const RANDOMISED = ['randomised to coordinator-1', 'randomised to doctor-1'];
const TOLD = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED];
const TIME_TO_LIVE = 3 * DAY;

describe('the randomisation against the screening window, and the time to live of its slot', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  async function ready(within: Trial): Promise<Participant> {
    const one = await within.begin();
    await one.screen();
    await one.decide();
    await one.awaits('randomisation');
    return one;
  }
  const asks = ({ study }: Trial, { enrollmentId }: Participant) => {
    const key = randomUUID();
    return answered(() => study.randomise(enrollmentId, { key }));
  };

  it('asked for in the last minute of the window: randomised, in another slot than the one that was reserved at first', async () => {
    const within = await trial(system, { protocol: RANDOMISED_PROTOCOL });
    const one = await ready(within);
    await one.justBefore(one.signedAt.getTime() + WINDOW);
    expect(await asks(within, one)).toMatchObject({ status: 201 });
    await one.active({ mails: [...TOLD, ...RANDOMISED], slots: ['released', 'confirmed'] });
    // The window ran to the pivot and no further.
    await one.advanceTo(one.signedAt.getTime() + WINDOW + DAY);
    expect(await one.get()).toMatchObject({ outcome: 'active' });
  });

  it('not asked for by then: expired, undone, told; and whoever asks later is told so', async () => {
    const within = await trial(system, { protocol: RANDOMISED_PROTOCOL });
    const one = await ready(within);
    const end = one.signedAt.getTime() + WINDOW;
    await one.justBefore(end);
    await one.justAfter(end);
    await one.expired('screening_window', { at: end, mails: [...TOLD, ...NOT_ENROLLED], slots: ['released'] });
    expect(await asks(within, one)).toMatchObject(CLOSED);
    expect(await system.at.database.sql`select 1 from study.allocations where enrollment_id = ${one.enrollmentId}`).toHaveLength(0);
  });

  it('in the last minute of the slot: the same one is confirmed', async () => {
    const within = await trial(system, { protocol: RANDOMISED_PROTOCOL });
    const one = await ready(within);
    const reserved = Date.now();
    await one.advanceTo(system.clock.now().getTime() + TIME_TO_LIVE - 5 * 60_000 - (Date.now() - reserved));
    expect(await one.evidence.slots()).toEqual(['reserved']);
    expect(await asks(within, one)).toMatchObject({ status: 201 });
    await one.active({ mails: [...TOLD, ...RANDOMISED] });
  });

  it('after it, with the last place taken by somebody else: cap_reached', async () => {
    const within = await trial(system, { protocol: RANDOMISED_PROTOCOL, cap: 1 });
    const one = await ready(within);
    await one.advanceTo(system.clock.now().getTime() + TIME_TO_LIVE + 60_000);
    await settled(() => one.evidence.slots()).toEqual(['released']);
    const other = await ready(within);
    expect(await asks(within, other)).toMatchObject({ status: 201 });
    await other.until(({ outcome }) => outcome === 'active');
    expect(await asks(within, one)).toMatchObject({ status: 409, body: { code: 'cap_reached' } });
    await one.expectEnd({ outcome: 'cap_reached', mails: [...TOLD, ...NOT_ENROLLED], slots: ['released'] });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
