import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction } from '../../db/index.ts';
import { permutedBlock } from '../../services/study/randomisation/permuted-blocks.ts';
import { stratumKey } from '../../services/study/randomisation/stratum-key.ts';
import { takeAllocation } from '../../services/study/randomisation/take-allocation.ts';
import { addConsentVersion, CONSENT, createTrial, createWorld, ctx, identityOf, enroll, key, NOW, open, PROTOCOL, type World } from '../services/study/fixture.ts';
import { AGE, enrolledMany, listOf, randomise, randomising, SEX, STAGE, type Taken, TWO_ARMS } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const byStratum = (list: Taken[]) => Map.groupBy(list, (entry) => entry.stratum);
const positionsOf = (entries: Taken[]) => entries.filter((entry) => entry.enrollment !== null).map((entry) => entry.position);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('10,000 allocations in 12 strata', () => {
  it('leave no gap and reuse nothing, every block is exact, and the seed gives the same list again', { timeout: 120_000 }, async () => {
    const plan = { ...TWO_ARMS, arms: [{ code: 'A', ratio: 2 }, { code: 'B', ratio: 1 }], blockSizes: [3, 6, 9], strata: [SEX, AGE, STAGE] };
    const trial = await createTrial(world, randomising(plan));
    const cells = SEX.levels.flatMap((sex) => AGE.levels.flatMap((age) => STAGE.levels.map((stage) => ({ sex, age, stage }))));
    const db = world.database.connect('study');
    let taken = 0;
    const lane = async () => {
      while (taken < 10_000) {
        const from = taken;
        taken += 100;
        // Strata in one order, as two transactions that take from several would otherwise wait for each other.
        const wanted = Array.from({ length: 100 }, (_, index) => cells[(from + index) % cells.length]!).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
        await withTransaction(db, async (tx) => {
          for (const strata of wanted) {
            const stratum = stratumKey(plan, { levels: strata, siteId: trial.siteId }) ?? '';
            await takeAllocation(tx, { enrollmentId: uuidv7(), protocolVersionId: trial.protocolVersionId, plan, stratum, strata, confirmedBy: 'inv-7', actor: ctx.actor, now: NOW });
          }
        });
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);

    const list = await listOf(world, trial);
    const strata = byStratum(list);
    expect(strata.size).toBe(12);
    expect(list.filter((entry) => entry.enrollment !== null)).toHaveLength(10_000);
    const [row] = await world.database.sql`select seed from study.randomisation_lists where protocol_version_id = ${trial.protocolVersionId}`;
    const seed = Buffer.from(String(row?.['seed']), 'hex');
    for (const [stratum, entries] of strata) {
      const positions = positionsOf(entries);
      expect(positions).toEqual(upTo(positions.length));
      for (const [block, ofBlock] of Map.groupBy(entries, (entry) => entry.block)) {
        const arms = ofBlock.map((entry) => entry.arm);
        expect(arms.filter((arm) => arm === 'A')).toHaveLength((arms.length / 3) * 2);
        expect(arms).toEqual(permutedBlock(plan, { seed, stratum, block }));
      }
    }
  });
});

describe('200 at once over 4 strata', () => {
  it.each(upTo(20))('each gets one place of its own, in the order of the list (%i)', async () => {
    const trial = await createTrial(world, randomising({ ...TWO_ARMS, strata: [SEX, STAGE] }));
    const people = await enrolledMany(world, trial, 200);
    const cells = SEX.levels.flatMap((sex) => STAGE.levels.map((stage) => ({ sex, stage })));
    const answers = await Promise.all(people.map((identity, index) => randomise(world, identity, { strata: cells[index % 4]! })));
    expect(new Set(answers.map((answer) => 'allocationId' in answer && answer.allocationId)).size).toBe(200);
    const strata = byStratum(await listOf(world, trial));
    expect([...strata.values()].map(positionsOf)).toEqual([upTo(50), upTo(50), upTo(50), upTo(50)]);
    const enrolled = [...strata.values()].flat().flatMap(({ enrollment }) => enrollment ?? []);
    expect(enrolled.toSorted()).toEqual(people.map(({ enrollmentId }) => enrollmentId).toSorted());
  });
});

describe('the pivot', () => {
  const single = (more: Record<string, unknown> = {}) => createTrial(world, randomising({ ...TWO_ARMS, ...more }));
  const settle = (stepKey: string) => world.service.settleRandomisation({ ctx, key: `${stepKey}/settle`, input: { stepKey } });

  it('answers the allocation and never the arm, the same under the same key', async () => {
    const trial = await single();
    const [identity] = await enrolledMany(world, trial, 1);
    const stepKey = key();
    const first = await randomise(world, identity!, { key: stepKey });
    expect(Object.keys(first).toSorted()).toEqual(['allocationId', 'at']);
    expect(await randomise(world, identity!, { key: stepKey })).toEqual(first);
    expect(await settle(stepKey)).toEqual({ randomised: true, ...first });
    await expect(randomise(world, identity!)).rejects.toMatchObject({ code: 'already_randomised' });
    expect((await listOf(world, trial)).filter(({ enrollment }) => enrollment !== null)).toHaveLength(1);
  });

  it('that was settled as not passed can never be passed by an attempt that comes late', async () => {
    const trial = await single();
    const [identity] = await enrolledMany(world, trial, 1);
    const stepKey = key();
    expect(await settle(stepKey)).toEqual({ randomised: false });
    await expect(randomise(world, identity!, { key: stepKey })).rejects.toMatchObject({ code: 'command_cancelled' });
    expect(await settle(stepKey)).toEqual({ randomised: false });
    expect((await listOf(world, trial)).filter(({ enrollment }) => enrollment !== null)).toHaveLength(0);
    expect(await randomise(world, identity!)).toMatchObject({ allocationId: expect.any(String) });
  });

  it('settled and passed at the same moment is either, and both say the same', async () => {
    const trial = await single();
    const people = await enrolledMany(world, trial, 30);
    const seen = await Promise.all(
      people.map(async (identity) => {
        const stepKey = key();
        const [passed, settled] = await Promise.all([randomise(world, identity, { key: stepKey }).catch(() => null), settle(stepKey)]);
        return { passed: passed !== null, settled: settled.randomised };
      }),
    );
    for (const { passed, settled } of seen) expect(passed).toBe(settled);
    const list = await listOf(world, trial);
    expect(positionsOf(list)).toEqual(upTo(seen.filter(({ passed }) => passed).length));
  });

  it('is not passed before enrolling, under other strata than the protocol has, or by a protocol that does not randomise', async () => {
    const trial = await single({ strata: [SEX] });
    const opened = identityOf(trial);
    await open(world.service, opened);
    await expect(randomise(world, opened, { strata: { sex: 'female' } })).rejects.toMatchObject({ code: 'out_of_order' });
    await enroll(world.service, opened);
    for (const strata of [{}, { sex: 'other' }, { sex: 'male', age: 'under-40' }, { toString: 'male' }]) {
      await expect(randomise(world, opened, { strata })).rejects.toMatchObject({ code: 'strata_invalid' });
    }
    expect(await randomise(world, opened, { strata: { sex: 'male' } })).toMatchObject({ allocationId: expect.any(String) });

    const direct = await createTrial(world, PROTOCOL);
    const [identity] = await enrolledMany(world, direct, 1);
    await expect(randomise(world, identity!)).rejects.toMatchObject({ code: 'not_randomising' });
  });

  it('waits for a signature that the protocol wants', async () => {
    const trial = await createTrial(world, { ...randomising(TWO_ARMS), eligibilitySignature: { reminder: 'P1D', expiry: 'P2D' } });
    const [identity] = await enrolledMany(world, trial, 1);
    await expect(randomise(world, identity!)).rejects.toMatchObject({ code: 'out_of_order', details: { requires: 'signEligibility' } });
  });

  it('is held by a consent version that concerns the participant', async () => {
    const trial = await single();
    const [identity] = await enrolledMany(world, trial, 1);
    await addConsentVersion(world, trial);
    await addConsentVersion(world, trial, { version: '4.0', approvedAt: '2026-11-01T00:00:00.000Z', effectiveAt: '2026-11-01T00:00:00.000Z' });
    expect(await randomise(world, identity!, { consent: CONSENT })).toEqual({ held: 'consent_superseded', version: '4.0' });
    expect(await randomise(world, identity!, { consent: { ...CONSENT, version: '4.0' } })).toMatchObject({ allocationId: expect.any(String) });
  });

  it('keeps sites apart where the protocol stratifies by them, and works with a single arm', async () => {
    const trial = await single({ arms: [{ code: 'A', ratio: 1 }], blockSizes: [2], bySite: true });
    const people = await enrolledMany(world, trial, 3);
    for (const identity of people) await randomise(world, identity);
    const list = await listOf(world, trial);
    expect(new Set(list.map(({ stratum }) => stratum))).toEqual(new Set([`site=${trial.siteId}`]));
    expect(new Set(list.map(({ arm }) => arm))).toEqual(new Set(['A']));
    expect(positionsOf(list)).toEqual([1, 2, 3]);
  });
});

describe('the list for the statistician', () => {
  it('has seed, method and every entry with what was taken, page by page', async () => {
    const trial = await createTrial(world, randomising({ ...TWO_ARMS, strata: [SEX] }));
    const [identity] = await enrolledMany(world, trial, 1);
    const taken = await randomise(world, identity!, { strata: { sex: 'male' } });
    const pages: Record<string, unknown>[] = [];
    let cursor: string | undefined;
    do {
      const page = await world.service.getRandomisationList({ ctx, input: { studyId: trial.studyId, limit: 97, ...(cursor ? { cursor } : {}) } });
      expect(page.lists).toMatchObject([{ protocolVersionId: trial.protocolVersionId, seed: expect.stringMatching(/^[0-9a-f]{64}$/), method: expect.stringContaining('HMAC_DRBG') }]);
      pages.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    const list = await listOf(world, trial);
    expect(pages).toMatchObject(list.map(({ stratum, position, arm, block }) => ({ stratum, position, arm, block })));
    const used = pages.filter(({ enrollmentId }) => enrollmentId !== null);
    expect(used).toMatchObject([{ stratum: 'sex=male', position: 1, enrollmentId: identity!.enrollmentId, ...('allocationId' in taken ? { allocationId: taken.allocationId } : {}) }]);
  });
});
