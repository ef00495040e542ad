// Real: PostgreSQL. No stand-ins but the clock and the other services (test/services/study/fixture.ts).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrial, createWorld, identityOf, open, type World } from '../services/study/fixture.ts';
import { AGE, listOf, randomising, SEX, TWO_ARMS } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const strataOf = async (trial: Parameters<typeof listOf>[1]) => [...new Set((await listOf(world, trial)).map(({ stratum }) => stratum))];

describe('lists are made ahead of the first allocation', () => {
  it('with the protocol version, for every combination of levels', async () => {
    const trial = await createTrial(world, randomising({ ...TWO_ARMS, strata: [SEX, AGE] }));
    const expected = SEX.levels.flatMap((sex) => AGE.levels.map((age) => `sex=${sex}/age=${age}`));
    expect((await strataOf(trial)).toSorted()).toEqual(expected.toSorted());
    const list = await listOf(world, trial);
    for (const entries of Map.groupBy(list, ({ stratum }) => stratum).values()) expect(new Set(entries.map(({ block }) => block)).size).toBe(50);
  });

  it('for a site with its first participant, once, also when several are opened at one moment', async () => {
    const trial = await createTrial(world, randomising({ ...TWO_ARMS, bySite: true, strata: [SEX] }));
    expect(await strataOf(trial)).toEqual([]);
    await Promise.all(Array.from({ length: 8 }, () => open(world.service, identityOf(trial))));
    expect((await strataOf(trial)).toSorted()).toEqual(SEX.levels.map((sex) => `sex=${sex}/site=${trial.siteId}`).toSorted());
    const list = await listOf(world, trial);
    expect(new Set(list.map(({ stratum, position }) => `${stratum} ${position}`)).size).toBe(list.length);
  });

  it('fewer blocks each where there are very many strata, so that a protocol is added in bounded time', async () => {
    const many = Array.from({ length: 10 }, (_, index) => `l${index}`);
    const strata = ['a', 'b', 'c'].map((code) => ({ code, levels: many }));
    const trial = await createTrial(world, randomising({ ...TWO_ARMS, strata }));
    const list = await listOf(world, trial);
    expect(new Set(list.map(({ stratum }) => stratum)).size).toBe(1000);
    expect(list.length).toBeLessThanOrEqual(20_000);
  });
});
