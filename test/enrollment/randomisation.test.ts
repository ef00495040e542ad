// Real: PostgreSQL, Temporal, SMTP, REST over HTTP. Faults are held between Temporal and the activities. No stand-ins.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { attend } from '../support/people.ts';
import { type DirectStudy, directStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { evidenceOf } from './evidence.ts';

const { randomisation: PLAN } = RANDOMISED_PROTOCOL;

describe('the randomisation: the one step that can never be undone', () => {
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem();
    study = await directStudy(at, { protocol: RANDOMISED_PROTOCOL });
  });
  afterAll(() => at.stop());

  const awaiting = (what: string) => (now: { awaiting?: { what: string } }) => now.awaiting?.what === what;
  const allocations = async (enrollmentId: string) => [...(await at.database.sql`select strata, confirmed_by, position from study.allocations where enrollment_id = ${enrollmentId}`)];
  const slots = async (enrollmentId: string) => (await at.database.sql<{ status: string }[]>`select status from site.slots where enrollment_id = ${enrollmentId} order by id`).map(({ status }) => status);

  /** Screened, signed, and enrolled; the site is asked for the randomisation. */
  async function ready(of: DirectStudy = study): Promise<string> {
    const { enrollmentId } = (await of.enrol(await of.register())).body;
    await attend(of, enrollmentId);
    await of.until(enrollmentId, awaiting('randomisation'));
    return enrollmentId;
  }

  it('waits for the site, takes one allocation, confirms one slot, and tells site, monitor and pharmacist without the arm', async () => {
    await study.admin.post(`/studies/${study.studyId}/contacts`, { userId: 'monitor-1', name: 'Monitor', email: 'monitor@sponsor.example', role: 'monitor' });
    await study.admin.post(`/studies/${study.studyId}/contacts`, { userId: 'pharmacist-1', name: 'Pharmacist', email: 'pharmacist@hospital.example', siteId: study.siteId, role: 'pharmacist' });
    const enrollmentId = await ready();
    expect((await study.get(enrollmentId)).body).toMatchObject({ stage: 'randomisation', status: 'pending-on-study', awaiting: { what: 'randomisation', who: 'the site' } });
    expect(await slots(enrollmentId)).toEqual(['reserved']);
    const key = randomUUID();
    const randomised = await study.randomise(enrollmentId, { key });
    expect(randomised).toMatchObject({ status: 201, body: { enrollmentId, randomisedAt: expect.any(String) as string } });
    expect(await study.until(enrollmentId, ({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: 'active', stage: 'activation', status: 'on-study' });
    expect(await allocations(enrollmentId)).toEqual([{ strata: { sex: 'female' }, confirmed_by: 'doctor-1', position: 1 }]);
    expect(await slots(enrollmentId)).toEqual(['confirmed']);
    expect((await study.randomise(enrollmentId, { key })).body).toEqual(randomised.body);
    expect(await study.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: 'enrollment_closed' } });
    const mails = await evidenceOf(at, enrollmentId).mails();
    expect(mails).toEqual(expect.arrayContaining(['randomised to doctor-1', 'randomised to coordinator-1', 'randomised to monitor-1', 'randomised_pharmacy to pharmacist-1']));
    expect(mails.filter((mail) => mail.startsWith('randomised_pharmacy'))).toHaveLength(1);
  });

  it('refuses strata that are not those of the protocol, takes the slot back, and goes on waiting', async () => {
    const enrollmentId = await ready();
    for (const strata of [{ sex: 'other' }, {}, { sex: 'female', age: 'old' }] as Record<string, string>[]) {
      expect(await study.randomise(enrollmentId, { strata })).toMatchObject({ status: 422, body: { code: 'strata_invalid' } });
    }
    expect(await slots(enrollmentId)).toEqual(['reserved']);
    expect(await allocations(enrollmentId)).toEqual([]);
    expect((await study.randomise(enrollmentId, { strata: { sex: 'male' } })).status).toBe(201);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
  });

  it('refuses a request that comes before it is awaited', async () => {
    const { enrollmentId } = (await study.enrol(await study.register())).body;
    await study.until(enrollmentId, awaiting('screening_results'));
    expect(await study.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: 'not_awaiting_randomisation' } });
    expect((await study.withdraw(enrollmentId)).status).toBe(200);
  });

  it('holds on a consent version that has been superseded, and goes on once that is signed', async () => {
    const own = await directStudy(at, { protocol: RANDOMISED_PROTOCOL });
    const enrollmentId = await ready(own);
    await own.amend('2.0');
    expect(await own.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
    await own.until(enrollmentId, awaiting('consent'));
    expect((await slots(enrollmentId)).at(-1)).toBe('released');
    expect((await own.reConsent(enrollmentId, { version: '2.0' })).status).toBe(201);
    await own.until(enrollmentId, awaiting('randomisation'));
    expect((await own.randomise(enrollmentId)).status).toBe(201);
    await own.until(enrollmentId, ({ outcome }) => outcome === 'active');
    expect(await allocations(enrollmentId)).toHaveLength(1);
  });

  it('reserves another slot when the time to live has ended while it waited', async () => {
    const own = await directStudy(at, { protocol: { ...RANDOMISED_PROTOCOL, slotTimeToLive: 'PT1S' } });
    const enrollmentId = await ready(own);
    await expect.poll(() => slots(enrollmentId), { timeout: 10_000 }).toEqual(['released']);
    expect((await own.randomise(enrollmentId)).status).toBe(201);
    await own.until(enrollmentId, ({ outcome }) => outcome === 'active');
    expect(await slots(enrollmentId)).toEqual(['released', 'confirmed']);
  });

  it('ends as cap_reached when its place was given away meanwhile, and says so to the site', async () => {
    const own = await directStudy(at, { cap: 1, protocol: { ...RANDOMISED_PROTOCOL, slotTimeToLive: 'PT1S' } });
    const enrollmentId = await ready(own);
    await expect.poll(() => slots(enrollmentId), { timeout: 10_000 }).toEqual(['released']);
    const other = (await own.enrol(await own.register())).body.enrollmentId;
    await attend(own, other, { randomises: true });
    await own.until(other, ({ outcome }) => outcome === 'active');
    expect(await own.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: 'cap_reached' } });
    expect(await own.until(enrollmentId, ({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: 'cap_reached' });
    expect(await allocations(enrollmentId)).toEqual([]);
  });

  it('a signature that is invalidated while it waits is taken back with all that followed, and signed again', async () => {
    const enrollmentId = await ready();
    expect((await study.invalidate(enrollmentId)).status).toBe(201);
    await study.until(enrollmentId, awaiting('eligibility'));
    expect(await study.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: 'not_awaiting_randomisation' } });
    expect((await study.decide(enrollmentId)).status).toBe(201);
    await study.until(enrollmentId, awaiting('randomisation'));
    expect((await study.randomise(enrollmentId)).status).toBe(201);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
  });

  it('two requests at once randomise once; the other is told that it came second', async () => {
    const enrollmentId = await ready();
    const answers = await Promise.all([study.randomise(enrollmentId), study.randomise(enrollmentId, { strata: { sex: 'male' } })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect(['already_randomised', 'enrollment_closed']).toContain(answers.find(({ status }) => status === 409)?.body.code);
    expect(await allocations(enrollmentId)).toHaveLength(1);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
  });

  it('randomises by itself where the protocol says so, also with a single arm and without strata', async () => {
    const single = { arms: [{ code: 'A', ratio: 1 }], strata: [], blockSizes: [2], bySite: false, autoRandomise: true };
    const own = await directStudy(at, { protocol: { ...RANDOMISED_PROTOCOL, randomisation: single } });
    const { enrollmentId } = (await own.enrol(await own.register())).body;
    await attend(own, enrollmentId);
    await own.until(enrollmentId, ({ outcome }) => outcome === 'active');
    expect(await allocations(enrollmentId)).toEqual([{ strata: {}, confirmed_by: 'protocol', position: 1 }]);
  });

  it('refuses a protocol that randomises by itself although somebody has to confirm strata', async () => {
    const protocol = { ...RANDOMISED_PROTOCOL, version: '9.0', randomisation: { ...PLAN, autoRandomise: true } };
    expect(await study.admin.post(`/studies/${study.studyId}/protocol-versions`, protocol)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/randomisation/autoRandomise' }] } });
  });

  it.each([
    { frees: true, statuses: ['released'] },
    { frees: false, statuses: ['confirmed'] },
  ])('a withdrawal after it keeps the allocation; it gives the place back only where the protocol says so ($frees)', async ({ frees, statuses }) => {
    const own = await directStudy(at, { protocol: { ...RANDOMISED_PROTOCOL, randomisation: { ...PLAN, freesCapOnWithdrawal: frees } } });
    const enrollmentId = await ready(own);
    expect((await own.randomise(enrollmentId)).status).toBe(201);
    await own.until(enrollmentId, ({ outcome }) => outcome === 'active');
    expect((await own.withdraw(enrollmentId)).status).toBe(200);
    await own.until(enrollmentId, ({ outcome }) => outcome === 'withdrawn');
    expect(await slots(enrollmentId)).toEqual(statuses);
    expect(await allocations(enrollmentId)).toHaveLength(1);
    const patientId = String((await own.get(enrollmentId)).body['patientId']);
    expect(await own.enrol(patientId), 'once randomised, never again in this study').toMatchObject({ status: 409, body: { missing: ['already_randomised'] } });
  });

  it('an abort while it waits undoes everything; after it, it comes too late', async () => {
    const enrollmentId = await ready();
    expect((await study.resolve(enrollmentId, 'abort')).status).toBe(200);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'voided');
    expect(await study.randomise(enrollmentId)).toMatchObject({ status: 409, body: { code: expect.stringMatching(/^(closing|enrollment_closed)$/) as string } });
    expect(await slots(enrollmentId)).toEqual(['released']);
    expect(await allocations(enrollmentId)).toEqual([]);
  });

  it('leaves every invariant true', () => expectInvariants(at));
});
