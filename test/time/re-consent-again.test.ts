import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from './end.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CONSENT_RECORDED, ENROLLED, NOT_ENROLLED, type Participant, RECONSENT_REQUESTED, SIGNATURE_REQUESTED, STUCK, trial } from './trial.ts';

const DEADLINE = 14 * DAY;

describe('the deadline of a new consent version counts from when it was first found missing', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  /** Held before the signature, for version 2.0. */
  const held = async () => {
    const within = await trial(system);
    const one = await within.begin();
    await one.screen();
    await one.awaits('eligibility');
    await within.amend('2.0');
    await one.decide();
    const { until } = await one.awaits('consent');
    return { ...within, one, until, since: until - DEADLINE };
  };
  const told = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED];

  it('another version that comes meanwhile does not put it off', async () => {
    const { one, until, since, amend } = await held();
    await one.advanceTo(since + 10 * DAY);
    await amend('3.0');
    await one.justBefore(until);
    await one.justAfter(until);
    await one.expired('reconsent_deadline', { at: until, mails: [...told, ...NOT_ENROLLED] });
  });

  it('the version that has been superseded meanwhile does not do: it is recorded as not valid, and the time goes on', async () => {
    const { one, until, since, amend } = await held();
    await one.advanceTo(since + 10 * DAY);
    await amend('3.0');
    await one.advanceTo(since + 11 * DAY);
    expect(await one.reConsent('2.0')).toMatchObject({ status: 201, body: { validity: 'version_not_approved' } });
    await settled(() => one.evidence.deviations()).toEqual(['informed_consent']);
    expect(await one.justBefore(until)).toMatchObject({ awaiting: { what: 'consent', until: new Date(until).toISOString() } });
    await one.justAfter(until);
    await one.expired('reconsent_deadline', { at: until, mails: [...told, ...CONSENT_RECORDED, ...NOT_ENROLLED] });
    expect(await one.evidence.consents()).toEqual(['valid', 'version_not_approved']);
  });

  it('the newest version, signed in the last minute, does', async () => {
    const { one, until, since, amend } = await held();
    await one.advanceTo(since + 10 * DAY);
    await amend('3.0');
    await one.justBefore(until);
    expect(await one.reConsent('3.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
    await one.awaits('eligibility');
    expect(await one.decide()).toMatchObject({ status: 201 });
    await one.active({ mails: [...told, ...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...ENROLLED] });
  });

  it('a version that is found after the first one has been signed has a deadline of its own', async () => {
    const { one, since, amend } = await held();
    await one.advanceTo(since + 2 * DAY);
    await one.reConsent('2.0');
    await one.awaits('eligibility');
    await one.advanceTo(since + 3 * DAY);
    await amend('3.0');
    expect(await one.decide()).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
    const { until } = await one.awaits('consent');
    expect(until).toBeGreaterThanOrEqual(since + 3 * DAY + DEADLINE);
    await one.justAfter(since + DEADLINE);
    await one.justBefore(until);
    await one.justAfter(until);
    const mails = [...told, ...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED, ...NOT_ENROLLED];
    await one.expired('reconsent_deadline', { at: until, mails });
  });

  describe('an invalidated signature brings back to before it, and the version is found missing for a second time', () => {
    /** Found missing at enrolling; the decision is invalidated on the third day, signed again on the fourth. */
    const foundAgain = async () => {
      const within = await trial(system);
      const one = await within.begin();
      await one.screen();
      await one.awaits('eligibility');
      const mend = one.fail('reserveSlot');
      await one.decide();
      await one.parked('slot');
      await within.amend('2.0');
      await one.retried(mend);
      const { until } = await one.awaits('consent');
      await one.advanceTo(until - DEADLINE + 3 * DAY);
      expect(await one.invalidate()).toMatchObject({ status: 201 });
      await one.awaits('eligibility');
      await one.advanceTo(until - DEADLINE + 4 * DAY);
      expect(await one.decide()).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
      expect((await one.awaits('consent')).until).toBe(until);
      return { one, until };
    };
    const again = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...STUCK, ...RECONSENT_REQUESTED, ...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED];
    const atTheEnd = (one: Participant, until: number) => one.justBefore(until);

    it('signed in the last minute of the first deadline: active', async () => {
      const { one, until } = await foundAgain();
      await atTheEnd(one, until);
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await one.awaits('eligibility');
      await one.decide();
      await one.active({ mails: [...again, ...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it('not signed by then: expired', async () => {
      const { one, until } = await foundAgain();
      await atTheEnd(one, until);
      await one.justAfter(until);
      await one.expired('reconsent_deadline', { at: until, mails: [...again, ...NOT_ENROLLED], slots: ['released'] });
    });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
