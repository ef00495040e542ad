import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from './end.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import {
  CLOSED, CONSENT_RECORDED, DECLINED, ENROLLED, NOT_ENROLLED, type Participant, RECONSENT_REQUESTED, SIGNATURE_REQUESTED, STUCK, type Trial, trial,
} from './trial.ts';

/** As SCREENED_PROTOCOL says; the screening window is longer, the signature's expiry and the slot's time are shorter. */
const DEADLINE = 14 * DAY;

/** Where an amendment is found: how it comes to that, who has been told of what by then, what the slot has become. */
const PLACES = [
  {
    where: 'before the signature', stage: 'eligibility', slots: { held: [], active: ['confirmed'] }, told: [],
    reach: async ({ amend }: Trial, one: Participant) => {
      await amend('2.0');
      expect(await one.decide()).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
    },
  },
  {
    where: 'at enrolling', stage: 'enrollment', slots: { held: ['released'], active: ['released', 'confirmed'] }, told: STUCK,
    reach: async (within: Trial, one: Participant) => amendedWhileParked(within, one, { activity: 'reserveSlot', step: 'slot' }),
  },
  {
    where: 'at the pivot', stage: 'casebook', slots: { held: ['released'], active: ['released', 'confirmed'] }, told: STUCK,
    reach: async (within: Trial, one: Participant) => amendedWhileParked(within, one, { activity: 'openCasebook', step: 'casebook' }),
  },
] as const;

/** Signed, and stuck right before the place where the new version is then found. */
async function amendedWhileParked({ amend }: Trial, one: Participant, { activity, step }: { activity: string; step: string }): Promise<void> {
  const mend = one.fail(activity);
  expect(await one.decide()).toMatchObject({ status: 201 });
  await one.parked(step);
  await amend('2.0');
  await one.retried(mend);
}

describe('a new version of the consent form is to be signed within 14 days', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  describe.each(PLACES)('$where', (place) => {
    const held = async () => {
      const within = await trial(system);
      const one = await within.begin();
      await one.screen();
      await one.awaits('eligibility');
      await place.reach(within, one);
      const { until, who } = await one.awaits('consent');
      expect(who).toBe('the participant');
      expect(await one.get()).toMatchObject({ stage: place.stage });
      await settled(() => one.evidence.slots()).toEqual(place.slots.held);
      expect(Math.abs(until - (system.clock.now().getTime() + DEADLINE))).toBeLessThan(20_000);
      return { one, until };
    };
    const told = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...place.told, ...RECONSENT_REQUESTED];
    // Before the signature, what is to be signed has changed with it: it is asked for again.
    const signedAnew = place.stage === 'eligibility';

    it('signed in the last minute: it goes on', async () => {
      const { one, until } = await held();
      expect(await one.justBefore(until)).toMatchObject({ awaiting: { what: 'consent' } });
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
      if (signedAnew) {
        await one.awaits('eligibility');
        expect(await one.decide()).toMatchObject({ status: 201 });
      }
      const mails = [...told, ...CONSENT_RECORDED, ...(signedAnew ? SIGNATURE_REQUESTED : []), ...ENROLLED];
      await one.active({ mails, slots: place.slots.active });
      expect(await one.evidence.consents()).toEqual(['valid', 'valid']);
    });

    it('not signed by then: expired, what was done is undone, the late consent is refused', async () => {
      const { one, until } = await held();
      await one.justBefore(until);
      await one.justAfter(until);
      await one.expired('reconsent_deadline', { at: until, mails: [...told, ...NOT_ENROLLED], slots: place.slots.held });
      expect(await one.reConsent('2.0')).toMatchObject(CLOSED);
      expect(await one.evidence.consents()).toEqual(['valid']);
    });

    it('declined on the third day: the investigator decides by the same time, and a consent after all is in time until then', async () => {
      const { one, until } = await held();
      await one.advanceTo(until - DEADLINE + 3 * DAY);
      expect(await one.decline()).toMatchObject({ status: 201, body: { declined: true } });
      expect(await one.awaits('decision')).toEqual({ what: 'decision', who: 'the investigator', until });
      await one.justBefore(until);
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201 });
      if (signedAnew) {
        await one.awaits('eligibility');
        await one.decide();
      }
      const mails = [...told, ...DECLINED, ...CONSENT_RECORDED, ...(signedAnew ? SIGNATURE_REQUESTED : []), ...ENROLLED];
      await one.active({ mails, slots: place.slots.active });
    });

    it('declined and nothing decided by then: expired', async () => {
      const { one, until } = await held();
      await one.advanceTo(until - DEADLINE + 3 * DAY);
      await one.decline();
      await one.awaits('decision');
      await one.justBefore(until);
      await one.justAfter(until);
      await one.expired('reconsent_deadline', { at: until, mails: [...told, ...DECLINED, ...NOT_ENROLLED], slots: place.slots.held });
    });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
