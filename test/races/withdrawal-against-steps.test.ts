import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../enrollment/faults.ts';
import { withdraw } from '../enrollment/words.ts';
import { expectInvariants } from '../support/invariants.ts';
import type { DirectStudy } from '../support/scenario.ts';
import { ask, type Asked, type Case } from './ask.ts';
import { awaitingRandomisation, awaitingReConsent, awaitingResults, awaitingSignature, expectTrue, type RaceBench, startRaceBench, together } from './bench.ts';
import { type Race, RACES, type Where } from './table.ts';

const ROUNDS = 3;
const ENDED = ['declined', 'withdrawn'];
const ROWS = RACES.flatMap(([name, race]) => (race ? [{ name, race }] : []));
const HELD = ROWS.flatMap((row) => (['before', 'after'] as const).map((where) => ({ ...row, where, outcome: row.race[where] })));

describe('a withdrawal against every step', () => {
  let bench: RaceBench;
  let study: DirectStudy;
  let randomised: DirectStudy;

  beforeAll(async () => {
    bench = await startRaceBench();
    [study, randomised] = [await bench.screened(), await bench.randomised()];
  });
  afterAll(() => bench.stop());

  it('has a race for every step of the process', () => {
    expect(RACES.filter(([, race]) => !race).map(([name]) => name)).toEqual([]);
  });

  const studyOf = async ({ ownStudy, protocol }: Race) => (ownStudy ? bench.screened() : protocol ? randomised : study);
  const reached = async (race: Race, where: Where) => {
    const there = await race.reach(bench, { study: await studyOf(race), activity: race.activity, where });
    return { ...there, release: async () => void (await Promise.all([there.hold, ...there.others].map((hold) => hold.release()))) };
  };
  /** Ended once, as the record has it, with who must know told once; the word that ended it stands. */
  async function expectWithdrawn(one: Case, key: string): Promise<void> {
    const { outcome = '', enrolled, decisions } = await bench.record(one);
    expect(ENDED).toContain(outcome);
    // Whose decision was invalidated is no longer enrolled once that has been undone.
    if (!decisions.some(({ invalidated }) => invalidated)) expect(outcome, 'withdrawn is who had been enrolled').toBe(enrolled ? 'withdrawn' : 'declined');
    const told = outcome === 'withdrawn' ? 'withdrawn to doctor-1' : 'not_enrolled to coordinator-1';
    await eventually(told, async () => (await bench.mails(one)).includes(told));
    const mails = (await bench.mails(one)).filter((mail) => mail.startsWith('withdrawn') || mail.startsWith('not_enrolled'));
    expect(mails).toEqual([told]);
    expect((await withdraw(one.study, one.enrollmentId, 'interventions', key)).status, 'the same word again').toBe(200);
    expect((await withdraw(one.study, one.enrollmentId)).status, 'another word').toBe(409);
  }

  describe('while the step hangs', () => {
    it.concurrent.each(HELD)('$name, $where its effect: $outcome, and every answer is true', async ({ race, where, outcome }) => {
      const { one, release, asked } = await reached(race, where);
      const key = randomUUID();
      expect((await withdraw(one.study, one.enrollmentId, 'interventions', key)).status).toBe(200);
      const ended = () => one.study.until(one.enrollmentId, (now) => now.outcome !== undefined && now.outcome !== 'active');
      // It does not wait behind the step, but where the step must be finished.
      if (!race.finishes) expect(await ended()).toMatchObject({ outcome });
      await release();
      expect(await ended()).toMatchObject({ outcome });
      await bench.runEnds(one);
      if (asked) await expectTrue(bench, one, { ...asked, answer: await asked.answer });
      await expectWithdrawn(one, key);
    });
  });

  describe('at the same moment', () => {
    it.concurrent.each(ROWS)('$name: one after the other, and nothing half', async ({ race }) => {
      const { one, release, asked } = await reached(race, 'before');
      const key = randomUUID();
      const [acknowledged] = await Promise.all([withdraw(one.study, one.enrollmentId, 'interventions', key), release()]);
      expect(acknowledged.status).toBe(200);
      await one.study.until(one.enrollmentId, (now) => ENDED.includes(now.outcome ?? ''));
      await bench.runEnds(one);
      if (asked) await expectTrue(bench, one, { ...asked, answer: await asked.answer });
      await expectWithdrawn(one, key);
    });

    const REQUESTS: { kind: Asked; prepare: (within: DirectStudy) => Promise<Case>; own?: true }[] = [
      { kind: 'results', prepare: awaitingResults },
      { kind: 'decision', prepare: awaitingSignature },
      { kind: 'randomisation', prepare: () => awaitingRandomisation(randomised) },
      { kind: 'consent', prepare: awaitingReConsent, own: true },
    ];
    it.concurrent.each(REQUESTS)('a request ($kind) is either done or refused, and is told so', async ({ kind, prepare, own }) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const one = await prepare(own ? await bench.screened() : study);
        const before = await bench.record(one);
        const key = randomUUID();
        const [answer, acknowledged] = await together(round, () => ask[kind](one), () => withdraw(one.study, one.enrollmentId, 'interventions', key));
        expect(acknowledged.status).toBe(200);
        await one.study.until(one.enrollmentId, (now) => ENDED.includes(now.outcome ?? ''));
        await bench.runEnds(one);
        await expectTrue(bench, one, { kind, answer, before });
        await expectWithdrawn(one, key);
      }
    });
  });

  // Not concurrent: runs after all the others.
  it('leaves every invariant true', () => expectInvariants(bench.at));
});
