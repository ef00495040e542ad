import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from './end.ts';
import { DAY, HOUR } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CLOSED, CONSENT_RECORDED, ENROLLED, NOT_ENROLLED, type Participant, REMINDED, SIGNATURE_REQUESTED, STUCK, trial } from './trial.ts';

/** As SCREENED_PROTOCOL says. */
const REMINDER = 2 * DAY;
const EXPIRY = 7 * DAY;

describe('the eligibility signature', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  /** Results are in; answers when the signature was asked for. */
  async function asked(one: Participant): Promise<number> {
    await one.screen();
    return (await one.awaits('eligibility')).until - EXPIRY;
  }
  const begun = async () => {
    const { begin } = await trial(system);
    const one = await begin();
    return { one, askedAt: await asked(one) };
  };
  const reminders = async (one: Participant) => (await one.evidence.mails()).filter((mail) => mail.startsWith('signature_reminder'));
  const told = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED];

  describe('is reminded of once, two days after it was asked for', () => {
    it('not when it was given a minute before', async () => {
      const { one, askedAt } = await begun();
      await one.justBefore(askedAt + REMINDER);
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...told, ...ENROLLED] });
      await one.advanceTo(askedAt + 2 * EXPIRY);
      await one.active({ mails: [...told, ...ENROLLED] });
    });

    it('not when it was given before, and what followed is stuck', async () => {
      const { one, askedAt } = await begun();
      const mend = one.fail('openCasebook');
      await one.justBefore(askedAt + REMINDER);
      await one.decide();
      await one.parked('casebook');
      await one.advanceTo(askedAt + EXPIRY + HOUR);
      expect(await reminders(one)).toEqual([]);
      await one.retried(mend);
      await one.active({ mails: [...told, ...STUCK, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it('and never again until it is given, a minute before its expiry', async () => {
      const { one, askedAt } = await begun();
      await one.justBefore(askedAt + REMINDER);
      expect(await reminders(one)).toEqual([]);
      await one.justAfter(askedAt + REMINDER);
      await settled(() => reminders(one)).toEqual(REMINDED);
      expect(await one.justBefore(askedAt + EXPIRY)).toMatchObject({ stage: 'eligibility', awaiting: { what: 'eligibility', who: 'an investigator' } });
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...told, ...REMINDED, ...ENROLLED] });
    });
  });

  it('expires after seven days: nobody can sign any more', async () => {
    const { one, askedAt } = await begun();
    await one.justBefore(askedAt + EXPIRY);
    await one.justAfter(askedAt + EXPIRY);
    await one.expired('eligibility_signature', { at: askedAt + EXPIRY, mails: [...told, ...REMINDED, ...NOT_ENROLLED] });
    expect(await one.decide()).toMatchObject(CLOSED);
  });

  it('is not asked for, reminded of or given longer because a value is corrected meanwhile', async () => {
    const { one, askedAt } = await begun();
    await one.advanceTo(askedAt + DAY);
    expect(await one.screen({ AGE: 45 }, { reason: 'typed wrong' })).toMatchObject({ status: 201, body: { verdict: 'met' } });
    expect((await one.awaits('eligibility')).until).toBe(askedAt + EXPIRY);
    await one.justAfter(askedAt + REMINDER);
    await settled(() => reminders(one)).toEqual(REMINDED);
    await one.justBefore(askedAt + EXPIRY);
    await one.justAfter(askedAt + EXPIRY);
    await one.expired('eligibility_signature', { at: askedAt + EXPIRY, mails: [...told, ...REMINDED, ...NOT_ENROLLED] });
  });

  describe('that was invalidated is asked for anew, with a reminder and an expiry of its own', () => {
    /** Signed after a day, invalidated after three: beyond the first reminder, before the first expiry. */
    const again = async () => {
      const { one, askedAt } = await begun();
      const mend = one.fail('openCasebook');
      await one.advanceTo(askedAt + DAY);
      await one.decide();
      await one.parked('casebook');
      await one.advanceTo(askedAt + 3 * DAY);
      mend();
      expect(await one.invalidate()).toMatchObject({ status: 201 });
      const againAt = (await one.awaits('eligibility')).until - EXPIRY;
      expect(againAt).toBeGreaterThanOrEqual(askedAt + 3 * DAY);
      await one.justAfter(askedAt + EXPIRY);
      expect(await one.get()).not.toHaveProperty('outcome');
      return { one, againAt };
    };
    const toldAgain = [...told, ...STUCK, ...SIGNATURE_REQUESTED];

    it('signed before that reminder: none is sent', async () => {
      const { begin } = await trial(system);
      const one = await begin();
      const askedAt = await asked(one);
      const mend = one.fail('openCasebook');
      await one.decide();
      await one.parked('casebook');
      mend();
      await one.invalidate();
      const againAt = (await one.awaits('eligibility')).until - EXPIRY;
      expect(againAt).toBeGreaterThan(askedAt);
      await one.justBefore(againAt + REMINDER);
      await one.decide();
      await one.active({ mails: [...toldAgain, ...ENROLLED], slots: ['released', 'confirmed'] });
      await one.advanceTo(againAt + 2 * EXPIRY);
      await one.active({ mails: [...toldAgain, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it('reminded of once, signed a minute before that expiry: active', async () => {
      const { one, againAt } = await again();
      await one.justBefore(againAt + EXPIRY);
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...toldAgain, ...REMINDED, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it('not signed by then: expired', async () => {
      const { one, againAt } = await again();
      await one.justBefore(againAt + EXPIRY);
      await one.justAfter(againAt + EXPIRY);
      await one.expired('eligibility_signature', { at: againAt + EXPIRY, mails: [...toldAgain, ...REMINDED, ...NOT_ENROLLED], slots: ['released'] });
    });

    it('reminded of in both rounds when both reminders fall due: twice in all', async () => {
      const { one, askedAt } = await begun();
      const mend = one.fail('openCasebook');
      await one.justAfter(askedAt + REMINDER);
      await one.decide();
      await one.parked('casebook');
      mend();
      await one.invalidate();
      const againAt = (await one.awaits('eligibility')).until - EXPIRY;
      await one.justAfter(againAt + REMINDER);
      await one.decide();
      await one.active({ mails: [...toldAgain, ...REMINDED, ...REMINDED, ...ENROLLED], slots: ['released', 'confirmed'] });
    });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
