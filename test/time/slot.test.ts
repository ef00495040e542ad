import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from './end.ts';
import { DAY, MINUTE } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import {
  CAP_REACHED, CONSENT_RECORDED, DIRECT_PROTOCOL, ENROLLED, NOT_ENROLLED, type Participant, RECONSENT_REQUESTED, STUCK, type Trial, trial,
} from './trial.ts';

/** As DIRECT_PROTOCOL says. */
const TIME_TO_LIVE = 3 * DAY;

describe('the time to live of a reserved slot: three days', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  const direct = (cap = 100) => trial(system, { protocol: DIRECT_PROTOCOL, cap });
  /** Parked before the pivot, with a slot; answers when that one's time ends, to within the second that it took. */
  async function parked(within: Trial, how: { activity: string; step: string } = { activity: 'openCasebook', step: 'casebook' }) {
    const patientId = await within.register();
    const mend = system.faults.fail(how.activity, patientId);
    const one = await within.begin({ patientId });
    await one.parked(how.step);
    return { one, mend, end: (await reservedAt(one)) + TIME_TO_LIVE };
  }
  async function reservedAt(one: Participant): Promise<number> {
    const rows = await system.at.database.sql<{ at: Date }[]>`select reserved_at as at from site.slots where enrollment_id = ${one.enrollmentId} order by id desc limit 1`;
    return rows[0]?.at.getTime() ?? Number.NaN;
  }
  const released = (one: Participant, slots = ['released']) => settled(() => one.evidence.slots()).toEqual(slots);

  describe.each([
    { activity: 'openCasebook', step: 'casebook' },
    { activity: 'confirmSlot', step: 'confirmation' },
  ])('while parked at $step', ({ activity, step }) => {
    it('is long enough until its last minute: the same slot is confirmed', async () => {
      const { one, mend, end } = await parked(await direct(1), { activity, step });
      await one.justBefore(end);
      expect(await one.evidence.slots()).toEqual(['reserved']);
      await one.retried(mend);
      await one.active({ mails: [...CONSENT_RECORDED, ...STUCK, ...ENROLLED, ...CAP_REACHED] });
      // It was the timer of a reservation, and that is none any more.
      await one.advanceTo(end + TIME_TO_LIVE);
      expect(await one.evidence.slots()).toEqual(['confirmed']);
    });

    it('ends: the slot is given back, and another one taken and confirmed when the step is mended', async () => {
      const { one, mend, end } = await parked(await direct(1), { activity, step });
      await one.justBefore(end);
      expect(await one.evidence.slots()).toEqual(['reserved']);
      await one.justAfter(end);
      await released(one);
      expect(await one.evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 0 }]);
      expect(await one.get()).toMatchObject({ stuckStep: step, needsAttention: true });
      await one.retried(mend);
      await one.active({ mails: [...CONSENT_RECORDED, ...STUCK, ...ENROLLED, ...CAP_REACHED], slots: ['released', 'confirmed'] });
    });

    it('ends, and somebody else takes the last place meanwhile: cap_reached, undone, everybody told', async () => {
      const within = await direct(1);
      const { one, mend, end } = await parked(within, { activity, step });
      await one.justAfter(end);
      await released(one);
      const other = await within.begin();
      await other.active({ mails: [...CONSENT_RECORDED, ...ENROLLED, ...CAP_REACHED] });
      await one.retried(mend);
      await one.expectEnd({ outcome: 'cap_reached', reason: 'cap_reached', mails: [...CONSENT_RECORDED, ...STUCK, ...NOT_ENROLLED], slots: ['released'] });
      expect(await one.evidence.activations()).toMatchObject([{ reserved: 0, confirmed: 1 }]);
    });
  });

  it('keeps others out until it ends, and not a minute longer', async () => {
    const within = await direct(1);
    const { one, mend, end } = await parked(within);
    const apply = async () => (await within.study.clinician.post('/enrollments', within.study.body(await within.register()))).status;
    await one.justBefore(end);
    expect(await apply()).toBe(409);
    await one.justAfter(end);
    await released(one);
    // Recorded is not yet reserved: whoever comes second must have the place before the first asks for it again.
    const other = await within.begin();
    await other.active({ mails: [...CONSENT_RECORDED, ...ENROLLED, ...CAP_REACHED] });
    await one.retried(mend);
    await one.expectEnd({ outcome: 'cap_reached', mails: [...CONSENT_RECORDED, ...STUCK, ...NOT_ENROLLED], slots: ['released'] });
  });

  it('counts anew for the slot that is taken anew', async () => {
    const { one, mend, end } = await parked(await direct(), { activity: 'openCasebook', step: 'casebook' });
    await one.justAfter(end);
    await released(one);
    // This time it is the confirmation itself that can't be done.
    const mendAgain = one.fail('confirmSlot');
    await one.retried(mend);
    await one.parked('confirmation');
    const again = (await reservedAt(one)) + TIME_TO_LIVE;
    expect(again).toBeGreaterThan(end + TIME_TO_LIVE);
    await one.justBefore(again);
    expect(await one.evidence.slots()).toEqual(['released', 'reserved']);
    await one.justAfter(again);
    await released(one, ['released', 'released']);
    await one.retried(mendAgain);
    await one.active({ mails: [...CONSENT_RECORDED, ...STUCK, ...STUCK, ...ENROLLED], slots: ['released', 'released', 'confirmed'] });
  });

  describe.each([
    { where: 'at enrolling', activity: 'reserveSlot', step: 'slot', stage: 'enrollment' },
    { where: 'at the pivot', activity: 'openCasebook', step: 'casebook', stage: 'casebook' },
  ])('a renewed consent that takes longer, awaited $where', ({ activity, step, stage }) => {
    const held = async (within: Trial) => {
      const patientId = await within.register();
      const mend = system.faults.fail(activity, patientId);
      const one = await within.begin({ patientId });
      await one.parked(step);
      await within.amend('2.0');
      await one.retried(mend);
      const { until } = await one.awaits('consent');
      expect(await one.get()).toMatchObject({ stage });
      // Nobody is kept out by somebody who may not go on: it is given back at once, not only when its time ends.
      await released(one);
      await one.advanceTo(until - 5 * DAY);
      return one;
    };
    const mails = [...CONSENT_RECORDED, ...STUCK, ...RECONSENT_REQUESTED];

    it('goes on with another slot', async () => {
      const within = await direct(1);
      const one = await held(within);
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await one.active({ mails: [...mails, ...CONSENT_RECORDED, ...ENROLLED, ...CAP_REACHED], slots: ['released', 'confirmed'] });
    });

    it('finds the site full: cap_reached, undone, everybody told', async () => {
      const within = await direct(1);
      const one = await held(within);
      const other = await within.begin({ consent: { version: '2.0' } });
      await other.active({ mails: [...CONSENT_RECORDED, ...ENROLLED, ...CAP_REACHED] });
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201 });
      await one.expectEnd({ outcome: 'cap_reached', reason: 'cap_reached', mails: [...mails, ...CONSENT_RECORDED, ...NOT_ENROLLED], slots: ['released'] });
    });
  });

  it('of a slot that was confirmed in time no timer is left', async () => {
    const { begin } = await direct();
    const one = await begin();
    await one.active({ mails: [...CONSENT_RECORDED, ...ENROLLED] });
    await one.advanceTo(one.signedAt.getTime() + TIME_TO_LIVE + MINUTE);
    await one.active({ mails: [...CONSENT_RECORDED, ...ENROLLED] });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
