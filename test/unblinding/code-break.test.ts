// Study on a real database, its clock in our hand.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ctx } from '../../services/common/index.ts';
import { createWorld, ctx as coordinator, key, NOW, type World } from '../services/study/fixture.ts';
import { enrolledMany } from '../randomisation/world.ts';
import { ARM, as, blindedText, delegate, randomisedTrial } from './world.ts';
import { auditOf } from '../support/audit.ts';
import { withReasons } from '../support/sealed.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());
beforeEach(() => {
  world.now.at = NOW;
});

const break_ = (enrollmentId: string, by: Ctx, { under = key(), reason = 'overdose' } = {}) =>
  world.service.breakCode({ ctx: by, key: under, input: { enrollmentId, reason } });
const rowsOf = async (enrollmentId: string) =>
  withReasons(world.database.sql, 'code_breaks', await world.database.sql`select * from study.code_breaks where enrollment_id = ${enrollmentId} order by id`);
const later = (ms: number) => {
  world.now.at = new Date(world.now.at.getTime() + ms);
};
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const day = (days: number) => new Date(NOW.getTime() + days * DAY).toISOString();

describe('a code-break', () => {
  it('shows the arm to the principal investigator and to a delegate, and keeps who, why and when', async () => {
    const { trial, people: [one, two] } = await randomisedTrial(world, 2);
    await delegate(world, trial, { userId: 'del-1' });
    expect(await break_(one!.enrollmentId, as('investigator', 'inv-7'))).toMatchObject({ broken: true, arm: ARM, enrollmentId: one!.enrollmentId, at: NOW.toISOString() });
    expect(await break_(two!.enrollmentId, as('investigator', 'del-1'), { reason: 'seizure' })).toMatchObject({ broken: true, arm: ARM });
    const [row] = await rowsOf(two!.enrollmentId);
    expect(row).toMatchObject({ result: 'broken', user_id: 'del-1', name: 'Printed del-1', role: 'investigator', reason: 'seizure', at: NOW, told_at: null });
    const { items } = await world.service.enrollmentTimeline({ ctx: coordinator, input: { enrollmentId: two!.enrollmentId } });
    const unblinded = items.filter(({ event }) => event === 'TREATMENT UNBLINDED');
    expect(unblinded).toMatchObject([{ at: NOW.toISOString(), actor: { id: 'del-1' }, details: { codeBreakId: row?.['id'], category: 'OTHER EVENT', emergency: true } }]);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity = 'code_break' and entity_id = ${String(row?.['id'])}`);
    expect(audit).toMatchObject([{ action: 'E', reason: 'seizure', actor: { id: 'del-1', name: 'Printed del-1' }, after: { result: 'broken' } }]);
  });

  it.each([
    ['ended yesterday', { to: day(-1) }],
    ['ends now', { to: NOW.toISOString() }],
    ['begins tomorrow', { from: day(1) }],
    ['is of another task', { task: 'eligibility' }],
    ['is of another site', { siteId: '01a205c7-5e25-7446-a057-1ddff900cc18' }],
  ])('is refused to whose delegation %s, and nothing is recorded', async (_which, delegation) => {
    const { trial, people: [one] } = await randomisedTrial(world, 1);
    await delegate(world, trial, { userId: 'del-2', ...delegation });
    await expect(break_(one!.enrollmentId, as('investigator', 'del-2'))).rejects.toMatchObject({ code: 'not_entitled_to_unblind' });
    expect(await rowsOf(one!.enrollmentId)).toEqual([]);
  });

  it('is refused to a delegate from the moment the delegation was ended, and to a sub-investigator without one', async () => {
    const { trial, people: [one, two] } = await randomisedTrial(world, 2);
    const { delegationId } = await delegate(world, trial, { userId: 'del-3' });
    await break_(one!.enrollmentId, as('investigator', 'del-3'));
    await world.service.endDelegation({ ctx: coordinator, key: key(), input: { studyId: trial.studyId, delegationId } });
    await expect(break_(two!.enrollmentId, as('investigator', 'del-3'))).rejects.toMatchObject({ code: 'not_entitled_to_unblind' });
    const sub = { studyId: trial.studyId, siteId: trial.siteId, userId: 'sub-1', name: 'Sub', email: 'sub@hospital.example', role: 'sub' as const };
    await world.service.addInvestigator({ ctx: coordinator, key: key(), input: sub });
    await expect(break_(two!.enrollmentId, as('investigator', 'sub-1'))).rejects.toMatchObject({ code: 'not_entitled_to_unblind' });
  });

  it('needs an allocation, and a person', async () => {
    const { trial, people: [one] } = await randomisedTrial(world, 1);
    const [unrandomised] = await enrolledMany(world, trial, 1);
    await expect(break_(unrandomised!.enrollmentId, as('investigator', 'inv-7'))).rejects.toMatchObject({ code: 'not_randomised' });
    const process: Ctx = { actor: { kind: 'workflow', workflow: 'w', onBehalfOf: { id: 'inv-7', name: 'x', role: 'investigator' } }, requestId: 'test' };
    await expect(break_(one!.enrollmentId, process)).rejects.toMatchObject({ code: 'persons_only' });
  });

  it('under the same key answers the same and makes one record, 20 at once too; other content is refused', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const under = key();
    const answers = await Promise.all(Array.from({ length: 20 }, () => break_(one!.enrollmentId, as('investigator', 'inv-7'), { under })));
    later(DAY);
    answers.push(await break_(one!.enrollmentId, as('investigator', 'inv-7'), { under }));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await rowsOf(one!.enrollmentId)).toHaveLength(1);
    const { items } = await world.service.enrollmentTimeline({ ctx: coordinator, input: { enrollmentId: one!.enrollmentId } });
    expect(items.filter(({ event }) => event === 'TREATMENT UNBLINDED')).toHaveLength(1);
    await expect(break_(one!.enrollmentId, as('investigator', 'inv-7'), { under, reason: 'another' })).rejects.toMatchObject({ code: 'key_reused' });
  });
});

describe('the limit', () => {
  it('refuses the sixth subject within an hour, records that, and lets the person on when the first is an hour ago', async () => {
    const { trial, people } = await randomisedTrial(world, 7);
    await delegate(world, trial, { userId: 'del-4' });
    const by = as('investigator', 'del-4');
    for (const { enrollmentId } of people.slice(0, 5)) {
      expect(await break_(enrollmentId, by)).toMatchObject({ broken: true });
      later(60_000);
    }
    // What was seen already is shown again, and is not counted.
    expect(await break_(people[0]!.enrollmentId, by)).toMatchObject({ broken: true, arm: ARM });
    const [under, sixth] = [key(), people[5]!.enrollmentId];
    const refused = await break_(sixth, by, { under });
    expect(refused).toEqual({ broken: false, codeBreakId: expect.any(String), retryAt: new Date(NOW.getTime() + HOUR).toISOString() });
    expect(await rowsOf(sixth)).toMatchObject([{ result: 'refused', user_id: 'del-4', reason: 'overdose', told_at: null }]);
    const { items } = await world.service.enrollmentTimeline({ ctx: coordinator, input: { enrollmentId: sixth } });
    expect(items.filter(({ event }) => event === 'TREATMENT UNBLINDED')).toEqual([]);
    const { items: untold } = await world.service.listUntoldCodeBreaks({ ctx: coordinator, input: { limit: 100, ...('codeBreakId' in refused ? { codeBreakId: refused.codeBreakId } : {}) } });
    expect(untold).toMatchObject([{ result: 'refused', about: { enrollmentId: sixth } }]);
    // Another person is not held up by it.
    expect(await break_(sixth, as('investigator', 'inv-7'))).toMatchObject({ broken: true });

    world.now.at = new Date(NOW.getTime() + HOUR - 1);
    expect(await break_(sixth, by)).toMatchObject({ broken: false });
    world.now.at = new Date(NOW.getTime() + HOUR);
    expect(await break_(sixth, by, { under })).toEqual(refused);
    expect(await break_(sixth, by)).toMatchObject({ broken: true });
    expect(await break_(people[6]!.enrollmentId, by)).toMatchObject({ broken: false });
    // Seen more than an hour ago, and with five others since: still not a new subject.
    expect(await break_(people[0]!.enrollmentId, by)).toMatchObject({ broken: true });
  });

  it('holds when twelve subjects are asked for at once', async () => {
    const { trial, people } = await randomisedTrial(world, 12);
    await delegate(world, trial, { userId: 'del-5' });
    const answers = await Promise.all(people.map(({ enrollmentId }) => break_(enrollmentId, as('investigator', 'del-5'))));
    expect(answers.filter(({ broken }) => broken)).toHaveLength(5);
    expect(await world.database.sql`select result, count(*)::int from study.code_breaks where user_id = 'del-5' group by result order by result`).toEqual([
      { result: 'broken', count: 5 },
      { result: 'refused', count: 7 },
    ]);
  });
});

describe('the outbox', () => {
  it('lists what is untold, without arm, name or reason, until it is marked, which may be repeated', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const answer = await break_(one!.enrollmentId, as('investigator', 'inv-7'), { reason: 'secret reason' });
    const { codeBreakId } = answer;
    const untold = () => world.service.listUntoldCodeBreaks({ ctx: coordinator, input: { codeBreakId, limit: 1 } });
    const text = JSON.stringify(await untold());
    expect(text).toContain(codeBreakId);
    for (const kept of [ARM, 'Printed', 'secret reason']) expect(text).not.toContain(kept);
    await world.service.markCodeBreakTold({ ctx: coordinator, key: key(), input: { codeBreakId } });
    const [{ told_at: toldAt }] = (await rowsOf(one!.enrollmentId)) as unknown as [{ told_at: Date }];
    later(DAY);
    await world.service.markCodeBreakTold({ ctx: coordinator, key: key(), input: { codeBreakId } });
    expect(await rowsOf(one!.enrollmentId)).toMatchObject([{ told_at: toldAt }]);
    expect((await untold()).items).toEqual([]);
  });
});

describe('the arm', () => {
  it('is in no ledger row, audit row, timeline or record of all this', async () => {
    const text = await blindedText(world);
    expect(text).toContain('TREATMENT UNBLINDED');
    expect(text).toContain('breakCode');
    expect(text).not.toContain(ARM);
  });
});
