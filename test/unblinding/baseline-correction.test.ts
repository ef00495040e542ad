// Study on a real database.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolledMany, listOf } from '../randomisation/world.ts';
import { createTrial, createWorld, ctx, key, NOW, type World } from '../services/study/fixture.ts';
import { randomisedTrial } from './world.ts';
import { auditOf } from '../support/audit.ts';
import { withReasons } from '../support/sealed.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const correct = (enrollmentId: string, strata: Record<string, string>, { under = key(), reason = 'misread the form' } = {}) =>
  world.service.correctBaseline({ ctx, key: under, input: { enrollmentId, strata, reason } });
const corrections = async (enrollmentId: string) =>
  withReasons(world.database.sql, 'baseline_corrections', await world.database.sql`select * from study.baseline_corrections where enrollment_id = ${enrollmentId} order by id`);
const deviations = async (enrollmentId: string) => (await world.service.listDeviations({ ctx, input: { enrollmentId, limit: 50 } })).items;

describe('a wrong stratum', () => {
  it('leaves the randomisation as it is: the right baseline beside it, a deviation with it', async () => {
    const { trial, people: [one] } = await randomisedTrial(world, 3);
    const { enrollmentId } = one!;
    const before = { list: await listOf(world, trial), allocations: await world.database.sql`select * from study.allocations order by id` };
    const corrected = await correct(enrollmentId, { sex: 'male' });
    expect(corrected).toMatchObject({ enrollmentId, strata: { sex: 'male' }, at: NOW.toISOString() });
    expect(await corrections(enrollmentId)).toMatchObject([{ strata: { sex: 'male' }, reason: 'misread the form', deviation_id: corrected.deviationId, actor: { id: 'coord-1' } }]);
    expect(await deviations(enrollmentId)).toMatchObject([{ deviationId: corrected.deviationId, category: 'randomisation', severity: 'major', description: expect.stringContaining('misread the form') }]);
    expect({ list: await listOf(world, trial), allocations: await world.database.sql`select * from study.allocations order by id` }).toEqual(before);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity = 'baseline_correction' and entity_id = ${corrected.correctionId}`);
    expect(audit).toMatchObject([{ before: { strata: { sex: 'female' } }, after: { strata: { sex: 'male' } }, reason: 'misread the form' }]);
  });

  it('is recorded once under its key, 20 at once too; a later correction stands beside the first', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const { enrollmentId } = one!;
    const under = key();
    const answers = await Promise.all(Array.from({ length: 20 }, () => correct(enrollmentId, { sex: 'male' }, { under })));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect([(await corrections(enrollmentId)).length, (await deviations(enrollmentId)).length]).toEqual([1, 1]);
    await expect(correct(enrollmentId, { sex: 'female' }, { under })).rejects.toMatchObject({ code: 'key_reused' });
    await correct(enrollmentId, { sex: 'female' }, { reason: 'right the first time' });
    expect((await corrections(enrollmentId)).map((row) => row['strata'] as unknown)).toEqual([{ sex: 'male' }, { sex: 'female' }]);
  });

  it.each([[{}], [{ sex: 'unknown' }], [{ sex: 'male', age: '40' }], [{ age: 'male' }]])('is not corrected to what the protocol does not know: %j', async (strata) => {
    const { people: [one] } = await randomisedTrial(world, 1);
    await expect(correct(one!.enrollmentId, strata)).rejects.toMatchObject({ code: 'strata_invalid', errorClass: 'invalid' });
    expect([await corrections(one!.enrollmentId), await deviations(one!.enrollmentId)]).toEqual([[], []]);
  });

  it('is nothing before the randomisation, nor where the protocol has none', async () => {
    const { trial } = await randomisedTrial(world, 0);
    const [waiting] = await enrolledMany(world, trial, 1);
    const [direct] = await enrolledMany(world, await createTrial(world), 1);
    for (const { enrollmentId } of [waiting!, direct!]) {
      await expect(correct(enrollmentId, { sex: 'male' })).rejects.toMatchObject({ code: 'not_randomised', errorClass: 'conflict' });
      expect(await deviations(enrollmentId)).toEqual([]);
    }
  });
});
