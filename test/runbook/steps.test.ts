// Real: the whole system, Temporal, the watch's schedule, mail, and the command line as processes. Injected: what fails.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fails } from '../faults/fault-plan.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { chapter } from './chapters.ts';
import { found, over, runs, type RunbookBench, seen, startRunbookBench } from './bench.ts';

let bench: RunbookBench;
let study: DirectStudy;
beforeAll(async () => {
  bench = await startRunbookBench();
  study = await directStudy(bench.at, { cap: 1000 });
}, 120_000);
afterAll(() => bench.stop());

type Run = { enrollmentId: string; patientId: string };

/** An enrollment of which this activity fails from now on. */
async function failing(activity: string): Promise<Run> {
  const patientId = await study.register();
  bench.plan.arm({ patientId, activity }, fails);
  const { body } = await study.enrol(patientId);
  return { enrollmentId: body.enrollmentId, patientId };
}

const mend = ({ patientId }: Run, activity: string) => bench.plan.heal({ patientId, activity });
const ends = ({ enrollmentId }: Run, outcome: string) => study.until(enrollmentId, (body) => body.outcome === outcome);
const audited = (run: Run) => bench.at.database.sql`select actor->>'id' as who from study.audit_entries where entity = 'operation' and entity_id = ${run.enrollmentId}`;

describe('the runbook finds, shows and heals', () => {
  it('a step that waits for an operator', async () => {
    const run = await failing('openCasebook');
    const { subject } = await found(bench, 'parked', run);
    const one = await seen(bench, 'parked', { ID: run.enrollmentId });
    expect(one).toMatchObject({ step: 'casebook', attempts: 3, code: expect.any(String), nextRetryAt: null });
    mend(run, 'openCasebook');
    await runs(bench, chapter('parked').heal, { ID: run.enrollmentId });
    await ends(run, 'active');
    await over(bench, chapter('parked'), { subject, values: { ID: run.enrollmentId }, toldBy: 'run' });
    expect(await audited(run)).toEqual([{ who: 'op-1' }]);
  }, 120_000);

  it('a step past the pivot that keeps failing', async () => {
    const run = await failing('sendNotice');
    const { subject } = await found(bench, 'next_round', run);
    const one = await seen(bench, 'next_round', { ID: run.enrollmentId });
    expect(one).toMatchObject({ step: 'notices', nextRetryAt: expect.stringMatching(/Z$/) });
    mend(run, 'sendNotice');
    await runs(bench, chapter('next_round').heal, { ID: run.enrollmentId });
    await ends(run, 'active');
    await over(bench, chapter('next_round'), { subject, values: { ID: run.enrollmentId }, toldBy: 'run' });
  }, 120_000);

  it('a step past the pivot that nobody can do any more, by going on without', async () => {
    const run = await failing('sendNotice');
    await found(bench, 'next_round', run);
    await runs(bench, [['skip', 'ID', '--as', 'YOU', '--reason', 'nobody is to be told any more']], { ID: run.enrollmentId });
    await ends(run, 'active');
    expect(await audited(run)).toEqual([{ who: 'op-1' }]);
  }, 60_000);

  it('what is being undone and keeps failing', async () => {
    const run = await failing('openCasebook');
    await study.until(run.enrollmentId, (body) => body.needsAttention);
    bench.plan.arm({ patientId: run.patientId, activity: 'releaseSlot' }, fails);
    await runs(bench, chapter('An enrollment can').heal, { ID: run.enrollmentId });
    const { subject } = await found(bench, 'parked', run);
    const one = await seen(bench, 'compensation_failing', { ID: run.enrollmentId });
    expect(one.step).toMatch(/^UNDO: /);
    mend(run, 'releaseSlot');
    await runs(bench, chapter('compensation_failing').heal, { ID: run.enrollmentId });
    await ends(run, 'voided');
    await over(bench, chapter('compensation_failing'), { subject, values: { ID: run.enrollmentId }, toldBy: 'run' });
  }, 120_000);

  it('an enrollment that can not go on at all: closed as voided, and shown as ended', async () => {
    const run = await failing('openCasebook');
    await study.until(run.enrollmentId, (body) => body.needsAttention);
    const shown = await runs(bench, chapter('An enrollment can').look, { ID: run.enrollmentId });
    expect(JSON.stringify(shown['actions'])).toMatch(/undoes .*enrolling, slot, opening/);
    await runs(bench, chapter('An enrollment can').heal, { ID: run.enrollmentId });
    await ends(run, 'voided');
    const after = await runs(bench, chapter('An enrollment can').proof, { ID: run.enrollmentId });
    expect(after).toMatchObject({ status: 'COMPLETED', stuck: null, actions: [] });
  }, 60_000);

  it('many for one cause, by a dry run first and then all of them', async () => {
    const some = await Promise.all(Array.from({ length: 5 }, () => failing('openCasebook')));
    for (const { enrollmentId } of some) await study.until(enrollmentId, (body) => body.needsAttention);
    const many = chapter('Many are stuck');
    await expect.poll(async () => (await runs(bench, many.look, {}))['total'], { timeout: 30_000 }).toBe(5);
    for (const run of some) mend(run, 'openCasebook');
    expect(await runs(bench, many.heal, {})).toMatchObject({ state: 'done', total: 5, retried: 5, missed: [] });
    for (const run of some) await ends(run, 'active');
    await expect.poll(async () => (await runs(bench, many.proof, {}))['count'], { timeout: 30_000 }).toBe(0);
  }, 120_000);
});

describe('an activity that never ends its attempts', () => {
  beforeAll(() => bench.at.restart({ timing: { attempts: 1000, retryInitialMs: 200, retryMaximumMs: 500, roundMs: 600_000 } }), 60_000);

  it('is found while it is tried, held, let go on, and tried at once', async () => {
    const run = await failing('openCasebook');
    const values = { ID: run.enrollmentId, ACTIVITY: 'openCasebook' };
    const { subject, tookMs } = await found(bench, 'activity_retrying', run);
    expect(tookMs).toBeLessThan(60_000);
    const one = await seen(bench, 'activity_retrying', values);
    expect(one).toMatchObject({ step: 'openCasebook', attempts: expect.any(Number), lastFailureAt: expect.stringMatching(/Z$/) });
    await runs(bench, [['activity', 'pause', 'ID', 'ACTIVITY', '--as', 'YOU', '--reason', 'maintenance']], values);
    await expect.poll(async () => (await seen(bench, 'activity_paused', values)).kind, { timeout: 30_000 }).toBe('activity_paused');
    await runs(bench, chapter('activity_paused').heal, values);
    await expect.poll(async () => JSON.stringify(await runs(bench, chapter('activity_paused').proof, values)), { timeout: 30_000 }).not.toContain(run.enrollmentId);
    mend(run, 'openCasebook');
    // It may have gone on by itself meanwhile: then nothing of it is under way any more.
    await runs(bench, chapter('activity_retrying').heal, values, [0, 1]).catch(() => undefined);
    await ends(run, 'active');
    await over(bench, chapter('activity_retrying'), { subject, values, toldBy: 'watch' });
    expect((await audited(run)).length).toBeGreaterThanOrEqual(2);
  }, 180_000);
});
