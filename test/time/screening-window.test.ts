import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import {
  CLOSED, CONSENT_RECORDED, ENROLLED, NOT_ENROLLED, RECONSENT_REQUESTED, REMINDED, SCREENED_PROTOCOL, SIGNATURE_REQUESTED, STUCK, trial, WINDOW,
} from './trial.ts';

/** Nobody is hurried before the window ends. */
const PATIENT = { ...SCREENED_PROTOCOL, eligibilitySignature: { reminder: 'P50D', expiry: 'P60D' } };

describe('the screening window of 28 days', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  describe('counts from the first signature, also of a consent that is sent in five days later', () => {
    it('and is long enough until its last minute', async () => {
      const { begin } = await trial(system);
      const one = await begin({ signedAgo: 5 * DAY });
      const end = one.signedAt.getTime() + WINDOW;
      expect((await one.awaits('screening_results')).until).toBe(end);
      await one.justBefore(end);
      expect(await one.screen()).toMatchObject({ status: 201, body: { verdict: 'met' } });
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...ENROLLED] });
      // Nothing follows an active participant: neither the window's end nor the signature's reminder and expiry.
      await one.advanceTo(end + WINDOW);
      await one.active({ mails: [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...ENROLLED] });
    });

    it('and is over then: expired, results are refused', async () => {
      const { begin } = await trial(system);
      const one = await begin({ signedAgo: 5 * DAY });
      const end = one.signedAt.getTime() + WINDOW;
      expect(await one.justBefore(end)).toMatchObject({ stage: 'screening', awaiting: { what: 'screening_results', who: 'the site' } });
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...CONSENT_RECORDED, ...NOT_ENROLLED] });
      expect(await one.screen()).toMatchObject(CLOSED);
    });
  });

  it('ends an enrollment that waits for nothing but the signature', async () => {
    const { begin } = await trial(system, { protocol: { ...SCREENED_PROTOCOL, eligibilitySignature: { reminder: 'P20D', expiry: 'P60D' } } });
    const one = await begin();
    const end = one.signedAt.getTime() + WINDOW;
    await one.screen();
    await one.awaits('eligibility');
    await one.justBefore(end);
    await one.justAfter(end);
    await one.expired('screening_window', { at: end, mails: [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...REMINDED, ...NOT_ENROLLED] });
    expect(await one.decide()).toMatchObject(CLOSED);
  });

  describe('does not begin anew with a renewed consent', () => {
    const renewed = async () => {
      const { begin, amend } = await trial(system, { protocol: PATIENT });
      const one = await begin();
      await one.screen();
      await one.awaits('eligibility');
      await one.advanceTo(one.signedAt.getTime() + 10 * DAY);
      await amend('2.0');
      expect(await one.decide()).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
      await one.awaits('consent');
      await one.advanceTo(one.signedAt.getTime() + 12 * DAY);
      expect(await one.reConsent('2.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await one.awaits('eligibility');
      return one;
    };
    // Asked for a second time after the new consent, on which it is signed then.
    const mails = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED, ...CONSENT_RECORDED, ...SIGNATURE_REQUESTED];

    it('signed in its last minute: active', async () => {
      const one = await renewed();
      await one.justBefore(one.signedAt.getTime() + WINDOW);
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...mails, ...ENROLLED] });
    });

    it('not signed by then: expired', async () => {
      const one = await renewed();
      const end = one.signedAt.getTime() + WINDOW;
      await one.justBefore(end);
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...mails, ...NOT_ENROLLED] });
    });
  });

  it('runs on while a renewed consent is awaited, whose own deadline would be later', async () => {
    const { begin, amend } = await trial(system, { protocol: PATIENT });
    const one = await begin();
    const end = one.signedAt.getTime() + WINDOW;
    await one.screen();
    await one.awaits('eligibility');
    await one.advanceTo(one.signedAt.getTime() + 20 * DAY);
    await amend('2.0');
    await one.decide();
    await one.awaits('consent');
    await one.justBefore(end);
    await one.justAfter(end);
    await one.expired('screening_window', { at: end, mails: [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED, ...NOT_ENROLLED] });
    expect(await one.reConsent('2.0')).toMatchObject(CLOSED);
  });

  describe('does not begin anew with an invalidated signature', () => {
    const invalidated = async () => {
      const { begin } = await trial(system, { protocol: PATIENT });
      const one = await begin();
      const mend = one.fail('openCasebook');
      await one.screen();
      await one.decide();
      await one.parked('casebook');
      await one.advanceTo(one.signedAt.getTime() + DAY);
      mend();
      expect(await one.invalidate()).toMatchObject({ status: 201 });
      await one.awaits('eligibility');
      return one;
    };
    const mails = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...STUCK, ...SIGNATURE_REQUESTED];

    it('signed again in its last minute: active', async () => {
      const one = await invalidated();
      await one.justBefore(one.signedAt.getTime() + WINDOW);
      expect(await one.decide()).toMatchObject({ status: 201 });
      await one.active({ mails: [...mails, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it('not signed again by then: expired', async () => {
      const one = await invalidated();
      const end = one.signedAt.getTime() + WINDOW;
      await one.justBefore(end);
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...mails, ...NOT_ENROLLED], slots: ['released'] });
    });
  });

  describe('runs while a step is parked', () => {
    const parked = async (activity: string, step: string) => {
      const { begin } = await trial(system);
      const one = await begin();
      const mend = one.fail(activity);
      await one.screen();
      await one.decide();
      expect(await one.parked(step)).toMatchObject({ needsAttention: true });
      return { one, mend, end: one.signedAt.getTime() + WINDOW };
    };
    const mails = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED, ...STUCK];

    it('and an operator who mends it in the last minute is in time', async () => {
      const { one, mend, end } = await parked('openCasebook', 'casebook');
      await one.justBefore(end);
      await one.retried(mend);
      // The slot's time to live had ended long before: another was taken.
      await one.active({ mails: [...mails, ...ENROLLED], slots: ['released', 'confirmed'] });
    });

    it.each([
      { activity: 'openCasebook', step: 'casebook' },
      { activity: 'confirmSlot', step: 'confirmation' },
    ])('and one who comes later finds it expired and undone: $step', async ({ activity, step }) => {
      const { one, mend, end } = await parked(activity, step);
      expect(await one.justBefore(end)).toMatchObject({ stuckStep: step });
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...mails, ...NOT_ENROLLED], slots: ['released'] });
      mend();
      expect(await one.resolve('retry')).toMatchObject(CLOSED);
    });

  });

  it('that ends while the slot is being confirmed undoes what is not confirmed yet, and comes too late for what is', async () => {
    const { begin } = await trial(system);
    const [early, late] = [await begin(), await begin()];
    const end = late.signedAt.getTime() + WINDOW;
    await early.advanceTo(early.signedAt.getTime() + WINDOW - 6000);
    const holds = [system.faults.hold('confirmSlot', 'after', early.patientId), system.faults.hold('confirmSlot', 'before', late.patientId)];
    for (const one of [early, late]) {
      await one.screen();
      expect(await one.decide()).toMatchObject({ status: 201 });
    }
    for (const hold of holds) await hold.reached();
    // From here on time is real: the server skips none while an activity is under way.
    await late.advanceTo(end + 500);
    for (const hold of holds) await hold.release();
    const mails = [...CONSENT_RECORDED, ...SIGNATURE_REQUESTED];
    await early.active({ mails: [...mails, ...ENROLLED] });
    await late.expired('screening_window', { at: end, mails: [...mails, ...NOT_ENROLLED], slots: ['released'] });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
