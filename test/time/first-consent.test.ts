import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withdraw } from '../enrollment/words.ts';
import { settled } from './end.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { CLOSED, CONSENT_RECORDED, DIRECT_PROTOCOL, ENROLLED, NOT_ENROLLED, OUTDATED, RECONSENT_REQUESTED, SCREENED_PROTOCOL, STUCK, trial, WINDOW } from './trial.ts';

const DEADLINE = 14 * DAY;
/** Of a consent that was recorded, and that it has to be renewed. */
const TOLD = [...CONSENT_RECORDED, ...RECONSENT_REQUESTED];

describe('a first consent that was not valid when it was signed is to be renewed within 14 days', () => {
  let system: TimedSystem;
  beforeAll(async () => {
    system = await startTimedSystem();
  });
  afterAll(() => system.stop());

  const invalid = async ({ protocol = DIRECT_PROTOCOL, signedAgo = 3 * DAY }: { protocol?: Record<string, unknown>; signedAgo?: number } = {}) => {
    const { begin } = await trial(system, { protocol });
    const one = await begin({ signedAgo, consent: OUTDATED });
    const { until, who } = await one.awaits('consent');
    expect(who).toBe('the site');
    // From when it was recorded, not from when it was signed.
    expect(Math.abs(until - (system.clock.now().getTime() + DEADLINE))).toBeLessThan(20_000);
    return { one, until };
  };

  it('renewed in the last minute: it goes on', async () => {
    const { one, until } = await invalid();
    expect(await one.justBefore(until)).toMatchObject({ stage: 'consent', awaiting: { what: 'consent', who: 'the site' } });
    expect(await one.reConsent('1.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
    await one.active({ mails: [...TOLD, ...CONSENT_RECORDED, ...ENROLLED] });
    expect(await one.evidence.consents()).toEqual(['version_not_approved', 'valid']);
  });

  it('not renewed by then: expired; the one that comes later is refused, the first one stays on record', async () => {
    const { one, until } = await invalid();
    await one.justBefore(until);
    await one.justAfter(until);
    await one.expired('reconsent_deadline', { at: until, mails: [...TOLD, ...NOT_ENROLLED] });
    expect(await one.reConsent('1.0')).toMatchObject(CLOSED);
    expect(await one.evidence.consents()).toEqual(['version_not_approved']);
  });

  it('whose deviation cannot be logged: the deadline runs on, and the outcome is recorded once the deviation is', async () => {
    const within = await trial(system, { protocol: DIRECT_PROTOCOL });
    const patientId = await within.register();
    const mend = system.faults.fail('logDeviation', patientId);
    const one = await within.begin({ patientId, consent: OUTDATED });
    expect(await one.parked('deviation')).toMatchObject({ needsAttention: true, awaiting: { what: 'consent' } });
    const { until } = await one.awaits('consent');
    await one.justBefore(until);
    await one.justAfter(until);
    // Too late for a consent by now, although nothing is recorded before the deviation.
    await settled(async () => (await one.get()).awaiting).toBeUndefined();
    expect(await one.reConsent('1.0')).toMatchObject({ status: 409 });
    expect(await one.get()).not.toHaveProperty('outcome');
    await one.retried(mend);
    expect(await one.until(({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: 'expired', outcomeReason: 'reconsent_deadline' });
    expect(await one.evidence.deviations()).toEqual(['informed_consent']);
    // Operators are told again with each of its rounds, and those grow apart; everybody else once.
    const expected = [...TOLD, ...NOT_ENROLLED].toSorted();
    await settled(async () => (await one.evidence.mails()).filter((mail) => !STUCK.includes(mail))).toEqual(expected);
  });

  it('whose deviation cannot be logged: a withdrawal that is taken while its outcome waits for that is the outcome', async () => {
    const within = await trial(system, { protocol: DIRECT_PROTOCOL });
    const patientId = await within.register();
    const mend = system.faults.fail('logDeviation', patientId);
    const one = await within.begin({ patientId, consent: OUTDATED });
    await one.parked('deviation');
    const { until } = await one.awaits('consent');
    await one.justAfter(until);
    await settled(async () => (await one.get()).awaiting).toBeUndefined();
    expect(await withdraw(within.study, one.enrollmentId)).toMatchObject({ status: 200 });
    await one.retried(mend);
    expect(await one.until(({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: 'declined' });
    expect(await one.evidence.deviations()).toEqual(['informed_consent']);
  });

  it('renewed by another one that is not valid: recorded, and still awaited until the same time', async () => {
    const { one, until } = await invalid();
    await one.advanceTo(until - 4 * DAY);
    expect(await one.reConsent('0.9')).toMatchObject({ status: 201, body: { validity: 'version_not_approved' } });
    await settled(() => one.evidence.deviations()).toEqual(['informed_consent', 'informed_consent']);
    expect(await one.justBefore(until)).toMatchObject({ awaiting: { what: 'consent', until: new Date(until).toISOString() } });
    await one.justAfter(until);
    await one.expired('reconsent_deadline', { at: until, mails: [...TOLD, ...TOLD, ...NOT_ENROLLED] });
  });

  it('declined: the investigator is asked to decide until the same time, and told so', async () => {
    const { one, until } = await invalid();
    await one.advanceTo(until - 4 * DAY);
    await one.decline();
    expect(await one.awaits('decision')).toEqual({ what: 'decision', who: 'the investigator', until });
    await one.justBefore(until);
    await one.justAfter(until);
    await one.expired('reconsent_deadline', { at: until, mails: [...TOLD, 'reconsent_declined to doctor-1', ...NOT_ENROLLED] });
  });

  describe('while the screening window runs from the first signature, valid or not', () => {
    it('and ends first: expired', async () => {
      const { one, until } = await invalid({ protocol: SCREENED_PROTOCOL, signedAgo: 20 * DAY });
      const end = one.signedAt.getTime() + WINDOW;
      expect(end).toBeLessThan(until);
      await one.justBefore(end);
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...TOLD, ...NOT_ENROLLED] });
    });

    it('and is not begun anew by the valid one', async () => {
      const { one } = await invalid({ protocol: SCREENED_PROTOCOL, signedAgo: 3 * DAY });
      const end = one.signedAt.getTime() + WINDOW;
      await one.advanceTo(one.signedAt.getTime() + 10 * DAY);
      expect(await one.reConsent('1.0')).toMatchObject({ status: 201, body: { validity: 'valid' } });
      expect((await one.awaits('screening_results')).until).toBe(end);
      await one.justBefore(end);
      await one.justAfter(end);
      await one.expired('screening_window', { at: end, mails: [...TOLD, ...CONSENT_RECORDED, ...NOT_ENROLLED] });
    });
  });

  // After all the others.
  it('leaves every invariant true', () => system.expectInvariants());
});
