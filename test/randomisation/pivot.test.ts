// Real: PostgreSQL, Temporal, SMTP, REST over HTTP. Faults are held between Temporal and the activities. No stand-ins.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Faults } from '../enrollment/faults.ts';
import { resolve, withdraw } from '../enrollment/words.ts';
import { awaitingRandomisation } from '../races/bench.ts';
import { ask, type Case } from '../races/ask.ts';
import { expectInvariants } from '../support/invariants.ts';
import { type DirectStudy, directStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

/** What a test holds is let go by the test alone. */
const ONLY_THE_TEST_DECIDES = { attemptMs: 30_000, roundMs: 60_000 };

type Expected = { outcome: 'active' | 'withdrawn' | 'voided'; allocated: boolean; asked: number; word: number };
type Moment = 'before it is asked for' | 'before its COMMIT' | 'after its COMMIT' | 'after its answer';

/** On both sides of the pivot: what a word comes to, and what whoever asked for the randomisation is told. */
const TABLE: [word: 'withdrawal' | 'abort', moment: Moment, expected: Expected][] = [
  ['withdrawal', 'before it is asked for', { outcome: 'withdrawn', allocated: false, asked: 409, word: 200 }],
  ['withdrawal', 'before its COMMIT', { outcome: 'withdrawn', allocated: false, asked: 409, word: 200 }],
  ['withdrawal', 'after its COMMIT', { outcome: 'withdrawn', allocated: true, asked: 201, word: 200 }],
  ['withdrawal', 'after its answer', { outcome: 'withdrawn', allocated: true, asked: 201, word: 200 }],
  ['abort', 'before it is asked for', { outcome: 'voided', allocated: false, asked: 409, word: 200 }],
  ['abort', 'before its COMMIT', { outcome: 'voided', allocated: false, asked: 409, word: 200 }],
  ['abort', 'after its COMMIT', { outcome: 'active', allocated: true, asked: 201, word: 200 }],
  ['abort', 'after its answer', { outcome: 'active', allocated: true, asked: 201, word: 409 }],
];

describe('a withdrawal or an abort against the randomisation', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors, timing: ONLY_THE_TEST_DECIDES });
    study = await directStudy(at, { protocol: RANDOMISED_PROTOCOL });
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const allocations = ({ enrollmentId }: Case) => at.database.sql`select 1 from study.allocations where enrollment_id = ${enrollmentId}`;
  const slots = async ({ enrollmentId }: Case) => (await at.database.sql<{ status: string }[]>`select status from site.slots where enrollment_id = ${enrollmentId}`).map(({ status }) => status);
  const say = { withdrawal: (one: Case) => withdraw(study, one.enrollmentId), abort: (one: Case) => resolve(study, one.enrollmentId, 'abort') };

  it.concurrent.each(TABLE)('%s %s', async (word, moment, expected) => {
    const one = await awaitingRandomisation(study);
    const where = moment === 'before its COMMIT' ? 'before' : 'after';
    const holds = moment === 'before its COMMIT' || moment === 'after its COMMIT';
    const hold = holds ? faults.hold('randomiseParticipant', where, one.patientId) : null;
    // Told what came after the word only where the word came first.
    const first = moment === 'before it is asked for' ? await say[word](one) : null;
    const asked = ask.randomisation(one);
    await hold?.reached();
    if (moment === 'after its answer') await asked;
    const said = first ?? (await say[word](one));
    expect(said.status, JSON.stringify(said.body)).toBe(expected.word);
    // It is acknowledged at once, and applied to what comes out: settled by the key, not by waiting for the attempt.
    const ended = await study.until(one.enrollmentId, ({ outcome }) => outcome !== undefined && (expected.outcome === 'active' || outcome !== 'active'));
    await hold?.release();
    expect((await asked).status, JSON.stringify((await asked).body)).toBe(expected.asked);
    expect(ended).toMatchObject({ outcome: expected.outcome });
    expect(await allocations(one)).toHaveLength(expected.allocated ? 1 : 0);
    expect(await slots(one)).toEqual([expected.allocated ? 'confirmed' : 'released']);
  });

  it.concurrent.each(['before', 'after'] as const)('an invalidated signature while it hangs %s its COMMIT: taken back, or too late', async (where) => {
    const one = await awaitingRandomisation(study);
    const hold = faults.hold('randomiseParticipant', where, one.patientId);
    const asked = ask.randomisation(one);
    await hold.reached();
    const invalidated = ask.invalidation(one);
    if (where === 'before') await study.until(one.enrollmentId, ({ awaiting }) => awaiting?.what === 'eligibility');
    else await study.until(one.enrollmentId, ({ outcome }) => outcome === 'active');
    await hold.release();
    const passed = where === 'after';
    expect(await invalidated).toMatchObject(passed ? { status: 409, body: { code: 'too_late' } } : { status: 201 });
    expect((await asked).status).toBe(passed ? 201 : 409);
    expect(await allocations(one)).toHaveLength(passed ? 1 : 0);
    if (!passed) expect((await withdraw(study, one.enrollmentId)).status).toBe(200);
  });

  it('a time-out is settled by its key, and nobody is randomised twice', async () => {
    const hurried = await startTestSystem({ interceptors: faults.interceptors, timing: { attemptMs: 300, attempts: 2, roundMs: 60_000 } });
    try {
      const own = await directStudy(hurried, { protocol: RANDOMISED_PROTOCOL });
      const one = await awaitingRandomisation(own);
      const hold = faults.hold('randomiseParticipant', 'after', one.patientId);
      expect((await ask.randomisation(one)).status).toBe(201);
      await hold.release();
      await own.until(one.enrollmentId, ({ outcome }) => outcome === 'active');
      await eventually('there is one allocation', async () => (await hurried.database.sql`select 1 from study.allocations where enrollment_id = ${one.enrollmentId}`).length === 1);
      await expectInvariants(hurried);
    } finally {
      await hurried.stop();
    }
  });

  it('leaves every invariant true', () => expectInvariants(at));
});
