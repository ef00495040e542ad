import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Admission, CheckAdmission } from '../../../services/study/types.ts';
import { addPrincipal, createTrial, createWorld, ctx, identityOf, key, NOW, open, PROTOCOL, type Trial, type World } from './fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const check = ({ studyId, siteId }: Pick<Trial, 'studyId' | 'siteId'>, given: Partial<CheckAdmission> = {}): Promise<Admission> =>
  world.service.checkAdmission({ ctx, input: { studyId, siteId, patientId: uuidv7(), requestKey: key(), contentHash: 'h', ...given } });

const activationOf = ({ studyId, siteId }: Trial) => world.activations.get(`${studyId}/${siteId}`)!;

describe('admission', () => {
  it('is granted where nothing is missing, with what the workflow needs of the protocol', async () => {
    const trial = await createTrial(world, { ...PROTOCOL, epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }] });
    expect(await check(trial)).toEqual({
      missing: [],
      study: { code: trial.studyCode },
      site: { code: trial.siteCode },
      protocol: {
        protocolVersionId: trial.protocolVersionId,
        version: '2.0',
        consentRule: 'CN',
        slotTimeToLiveMs: 3 * 86_400_000,
        reconsentDeadlineMs: 14 * 86_400_000,
        hasEpro: true,
      },
      known: null,
      hasRecord: false,
    });
  });

  it('says everything that is missing at a place nobody knows', async () => {
    const nowhere = await check({ studyId: uuidv7(), siteId: uuidv7() });
    expect(nowhere).toEqual({ missing: ['study_not_found', 'site_not_active', 'principal_investigator'], study: null, site: null, protocol: null, known: null, hasRecord: false });
  });

  it('needs a study that is open for accrual', async () => {
    const trial = await createTrial(world);
    await world.database.sql`update study.studies set status = 'temporarily-closed-to-accrual' where id = ${trial.studyId}`;
    expect((await check(trial)).missing).toEqual(['study_not_open']);
  });

  it('needs an approval of the ethics committee that is there by now', async () => {
    const trial = await createTrial(world);
    activationOf(trial).approvals = [{ protocolVersion: '2.0', ethicsApprovedAt: new Date(NOW.getTime() + 1).toISOString() }];
    expect(await check(trial)).toMatchObject({ missing: ['ethics_approval'], protocol: null });
    activationOf(trial).approvals = [{ protocolVersion: '2.0', ethicsApprovedAt: NOW.toISOString() }];
    expect((await check(trial)).missing).toEqual([]);
  });

  it('takes the newest effective version among those approved at the site', async () => {
    const trial = await createTrial(world);
    const { studyId } = trial;
    const add = (version: string, effectiveAt: string) => world.service.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol: { ...PROTOCOL, version, effectiveAt } } });
    await add('3.0', '2026-05-01T00:00:00Z');
    await add('4.0', '2026-06-01T00:00:00Z');
    await add('5.0', '2027-01-01T00:00:00Z');
    const ethicsApprovedAt = '2026-01-01T00:00:00.000Z';
    const approve = (...versions: string[]) => {
      activationOf(trial).approvals = versions.map((protocolVersion) => ({ protocolVersion, ethicsApprovedAt }));
    };
    approve('2.0', '3.0', '5.0');
    expect((await check(trial)).protocol?.version).toBe('3.0');
    approve('5.0');
    expect(await check(trial)).toMatchObject({ missing: ['protocol_version'], protocol: null });
    approve('6.0');
    expect((await check(trial)).missing).toEqual(['protocol_version']);
  });

  it('needs a principal investigator at that very site', async () => {
    const trial = await createTrial(world);
    const siteId = uuidv7();
    world.activations.set(`${trial.studyId}/${siteId}`, { ...activationOf(trial), siteId });
    expect((await check({ ...trial, siteId })).missing).toEqual(['principal_investigator']);
    await addPrincipal(world.service, { studyId: trial.studyId, siteId });
    expect((await check({ ...trial, siteId })).missing).toEqual([]);
  });

  it('needs a place: reserved ones count as taken', async () => {
    const trial = await createTrial(world);
    Object.assign(activationOf(trial), { cap: 10, reserved: 4, confirmed: 6 });
    expect((await check(trial)).missing).toEqual(['cap_reached']);
    Object.assign(activationOf(trial), { reserved: 3 });
    expect((await check(trial)).missing).toEqual([]);
  });

  it('tells the workflow that the protocol randomises, but neither arms nor strata', async () => {
    const randomisation = { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], strata: [{ code: 'sex', levels: ['female', 'male'] }], blockSizes: [4] };
    const { missing, protocol } = await check(await createTrial(world, { ...PROTOCOL, randomisation }));
    expect(missing).toEqual([]);
    expect(protocol?.randomisation).toEqual({ autoRandomise: false, freesCapOnWithdrawal: false });
  });

  it.each([
    [{ screening: { windowDays: 28, maxRescreens: 1 } }, { screening: { windowMs: 28 * 86_400_000 } }],
    [{ eligibilitySignature: { reminder: 'P2D', expiry: 'P7D' } }, { eligibilitySignature: { reminderMs: 2 * 86_400_000, expiryMs: 7 * 86_400_000 } }],
  ])('tells the workflow the deadlines of %o, and nothing of what the protocol has not', async (given, told) => {
    const { missing, protocol } = await check(await createTrial(world, { ...PROTOCOL, ...given }));
    expect(missing).toEqual([]);
    const { screening, eligibilitySignature } = protocol!;
    expect({ screening, eligibilitySignature }).toEqual(told);
    expect(Object.keys(protocol!)).toHaveLength(7);
  });

  it('needs a re-screening that is left: what has failed or expired counts, what got no number or was declined does not', async () => {
    const trial = await createTrial(world, { ...PROTOCOL, screening: { windowDays: 28, maxRescreens: 1 } });
    const patientId = uuidv7();
    const ended = async (outcome: 'screen_failed' | 'expired' | 'declined', given: { opened: boolean } = { opened: true }) => {
      const identity = identityOf(trial, { patientId });
      if (given.opened) await open(world.service, identity);
      await world.service.recordOutcome({ ctx, key: key(), input: { identity, revision: 2, outcome, stage: 'screening', reason: null } });
      return (await check(trial, { patientId })).missing;
    };
    expect(await ended('screen_failed')).toEqual([]);
    expect(await ended('declined')).toEqual([]);
    expect(await ended('expired', { opened: false })).toEqual([]);
    expect(await ended('expired')).toEqual(['rescreens_used_up']);
    expect((await check(trial)).missing).toEqual([]);
  });

  it('throws when Site does not answer: no guess', async () => {
    const trial = await createTrial(world);
    const get = world.activations.get;
    world.activations.get = () => {
      throw new Error('away');
    };
    await expect(check(trial)).rejects.toThrow('away');
    world.activations.get = get;
  });
});

describe('what is known already', () => {
  it('is found by the request, then by the person, and says whether the content is the same', async () => {
    const trial = await createTrial(world);
    const identity = identityOf(trial, { contentHash: 'h' });
    const { enrollmentId, requestKey, patientId } = identity;
    await open(world.service, identity);
    expect((await check(trial, { requestKey })).known).toEqual({ enrollmentId, by: 'request_key', sameContent: true });
    expect((await check(trial, { requestKey, patientId, contentHash: 'other' })).known).toEqual({ enrollmentId, by: 'request_key', sameContent: false });
    expect((await check(trial, { patientId })).known).toEqual({ enrollmentId, by: 'person', sameContent: true });
    expect((await check(trial, { patientId, contentHash: 'other' })).known).toEqual({ enrollmentId, by: 'person', sameContent: false });
  });

  it('is not told to another site: there only that the person is enrolled elsewhere', async () => {
    const trial = await createTrial(world);
    const identity = identityOf(trial);
    await open(world.service, identity);
    const siteId = uuidv7();
    world.activations.set(`${trial.studyId}/${siteId}`, { ...activationOf(trial), siteId });
    await addPrincipal(world.service, { studyId: trial.studyId, siteId });
    expect(await check({ ...trial, siteId }, { patientId: identity.patientId })).toMatchObject({ missing: ['already_enrolled_elsewhere'], known: null });
  });

  it('by the person is an open or active enrollment only; by the request any', async () => {
    const trial = await createTrial(world);
    const identity = identityOf(trial);
    const { enrollmentId, requestKey, patientId } = identity;
    await open(world.service, identity);
    await world.service.recordOutcome({ ctx, key: key(), input: { identity, revision: 2, outcome: 'declined', stage: 'slot', reason: null } });
    expect(await check(trial, { patientId })).toMatchObject({ missing: [], known: null, hasRecord: true });
    expect((await check(trial, { requestKey })).known).toMatchObject({ enrollmentId, by: 'request_key' });
  });
});
