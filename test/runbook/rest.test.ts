// Real: the whole system, Temporal, REST. Injected: what fails.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fails } from '../faults/fault-plan.ts';
import { QUEUES } from '../../runtime/workers.ts';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy, type DirectStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { type RunbookBench, startRunbookBench } from './bench.ts';

let bench: RunbookBench;
let study: DirectStudy;
beforeAll(async () => {
  bench = await startRunbookBench();
  study = await directStudy(bench.at, { cap: 100 });
}, 120_000);
afterAll(() => bench.stop());

type Run = { enrollmentId: string; patientId: string };

async function parked(): Promise<Run> {
  const patientId = await study.register();
  bench.plan.arm({ patientId, activity: 'openCasebook' }, fails);
  const { body } = await study.enrol(patientId);
  await study.until(body.enrollmentId, ({ needsAttention }) => needsAttention);
  return { enrollmentId: body.enrollmentId, patientId };
}
const mend = ({ patientId }: Run) => bench.plan.heal({ patientId, activity: 'openCasebook' });
const ends = ({ enrollmentId }: Run, outcome: string) => study.until(enrollmentId, (body) => body.outcome === outcome);
const noted = (about: string) => bench.at.database.sql<{ who: string }[]>`select actor->>'id' as who from study.audit_entries where entity = 'operation' and entity_id = ${about}`;

describe('over REST operators', () => {
  it('see what is stuck, try it again, and stand in the trail with it; the same key again changes nothing', async () => {
    const run = await parked();
    const { enrollmentId } = run;
    type Stuck = { items: { enrollmentId: string; kind: string; step: string }[] };
    await expect.poll(async () => (await study.ops.get<Stuck>('/ops/stuck')).body.items, { timeout: 10_000 }).toContainEqual(expect.objectContaining({ enrollmentId, kind: 'parked', step: 'casebook' }));
    const { body: shown } = await study.ops.get(`/ops/runs/${enrollmentId}`);
    expect(shown).toMatchObject({ enrollmentId, status: 'RUNNING', stuck: { kind: 'parked' }, attention: [{ step: 'casebook', attempts: 3 }] });
    const byWorkflowId = await study.ops.get(`/ops/runs/${encodeURIComponent(String(shown['workflowId']))}`);
    expect(byWorkflowId.body).toMatchObject({ enrollmentId });
    mend(run);
    const key = randomUUID();
    const retry = (reason = 'EDC is back') => study.ops.post(`/ops/runs/${enrollmentId}/retry`, { reason }, key);
    const taken = { status: 200, body: { id: enrollmentId, action: 'retry', step: 'casebook' } };
    expect(await retry()).toMatchObject(taken);
    await ends(run, 'active');
    // Nothing is stuck any more: the answer is the first one.
    expect(await retry()).toMatchObject(taken);
    expect((await retry('another')).body).toMatchObject({ status: 409, code: 'key_reused' });
    expect(await noted(enrollmentId)).toHaveLength(1);
    expect((await study.ops.get('/ops/queues')).body['items']).toHaveLength(7);
    expect((await study.ops.get('/ops/doctor')).body).toMatchObject({ ok: true });
    expect((await study.ops.get(`/ops/runs/${randomUUID()}`)).body).toMatchObject({ status: 404, code: 'run_not_found' });
    expect((await study.ops.get('/ops/runs/nonsense')).status).toBe(400);
  }, 60_000);

  it('try many again in bulk, which goes on in the system; a query that can not be read is refused', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, parked));
    const body = { query: `StudyCode = "${study.studyCode}"`, rate: 2, reason: 'EDC is back' };
    await expect.poll(async () => (await study.ops.post('/ops/retries', { ...body, dryRun: true })).body['total'], { timeout: 10_000 }).toBe(4);
    expect((await study.ops.post('/ops/retries', { ...body, query: 'no ==' })).body).toMatchObject({ status: 422, code: 'bad_query' });
    for (const run of runs) mend(run);
    const key = randomUUID();
    const first = await study.ops.post<{ bulkId: string }>('/ops/retries', body, key);
    expect(first.status).toBe(202);
    for (const run of runs) await ends(run, 'active');
    // None is stuck any more: the answer is the first one.
    expect(await study.ops.post('/ops/retries', body, key)).toMatchObject({ status: 202, body: { ...first.body, total: 4 } });
    await expect.poll(async () => (await study.ops.get(`/ops/retries/${first.body.bulkId}`)).body, { timeout: 15_000 }).toMatchObject({ state: 'done', total: 4, retried: 4, missed: [] });
  }, 60_000);

  it('end a bulk after the portion that is under way, which stands in the trail; the rest stays stuck', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, parked));
    const query = `StudyCode = "${study.studyCode}"`;
    await expect.poll(async () => (await study.ops.post('/ops/retries', { query, dryRun: true, reason: 'test' })).body['total'], { timeout: 10_000 }).toBe(4);
    for (const run of runs) mend(run);
    // Nobody answers the first one, so that its portion is under way when the stop comes.
    await bench.at.restart({ queues: QUEUES.filter((queue) => queue !== 'enrollment') });
    const { body } = await study.ops.post<{ bulkId: string }>('/ops/retries', { query, rate: 1, reason: 'EDC is back' });
    const state = async () => (await study.ops.get<{ state: string; done: number; missed: object[] }>(`/ops/retries/${body.bulkId}`)).body;
    await expect.poll(async () => (await state()).state, { timeout: 10_000 }).toBe('running');
    expect((await study.ops.post(`/ops/retries/${body.bulkId}/stop`, { reason: 'not mended after all' })).status).toBe(202);
    await expect.poll(state, { timeout: 15_000 }).toMatchObject({ state: 'stopped', done: 1, missed: [{ code: 'outcome_unknown' }] });
    // Begun, the portion, and the stop.
    expect(await noted(body.bulkId)).toHaveLength(3);
    await bench.at.restart({});
    for (const { enrollmentId } of runs) if ((await study.get(enrollmentId)).body.needsAttention) await study.resolve(enrollmentId, 'retry');
    for (const run of runs) await ends(run, 'active');
  }, 90_000);

  it('try a short workflow again, by its workflow id', async () => {
    const patientId = await study.register();
    const { enrollmentId } = (await study.enrol(patientId)).body;
    await ends({ enrollmentId, patientId }, 'active');
    const held = { patientId: enrollmentId, activity: 'stopDataCollection' };
    // Its workflow id ends with the enrollment's.
    bench.plan.arm(held, fails);
    expect((await study.withdraw(enrollmentId)).status).toBe(202);
    const stuck = { kind: 'next_round', workflowId: `withdrawal/${enrollmentId}` };
    await expect.poll(async () => (await study.ops.get<{ items: object[] }>('/ops/stuck')).body.items, { timeout: 15_000 }).toContainEqual(expect.objectContaining(stuck));
    bench.plan.heal(held);
    const { status, body } = await study.ops.post(`/ops/runs/${encodeURIComponent(stuck.workflowId)}/retry`, { reason: 'EDC is back' });
    expect({ status, body }).toMatchObject({ status: 200, body: { action: 'retry' } });
    await ends({ enrollmentId, patientId }, 'withdrawn');
  }, 60_000);

  it('reset a run to after what was signed, never to before, and nothing of it happens twice', async () => {
    const screened = await directStudy(bench.at, { protocol: SCREENED_PROTOCOL });
    const patientId = await screened.register();
    const { body } = await screened.enrol(patientId);
    const { enrollmentId } = body;
    await screened.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'screening_results');
    await screened.screen(enrollmentId);
    await screened.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'eligibility');
    const tooFar = await screened.ops.post(`/ops/runs/${enrollmentId}/reset`, { to: 4, reason: 'test' });
    expect(tooFar.body).toMatchObject({ status: 409, code: 'reset_too_far' });
    const before = (await screened.ops.get(`/ops/runs/${enrollmentId}`)).body['runId'];
    const dry = await screened.ops.post<{ toEventId: number; earliestEventId: number }>(`/ops/runs/${enrollmentId}/reset`, { dryRun: true, reason: 'test' });
    // Behind what has taken effect, too: the record is ahead of it.
    expect((await screened.ops.post(`/ops/runs/${enrollmentId}/reset`, { to: dry.body.earliestEventId - 1, reason: 'test' })).status).toBeGreaterThanOrEqual(400);
    expect((await screened.ops.get(`/ops/runs/${enrollmentId}`)).body['runId']).toBe(before);
    const key = randomUUID();
    const reset = () => screened.ops.post<{ runId: string }>(`/ops/runs/${enrollmentId}/reset`, { to: dry.body.toEventId, reason: 'timer did not fire' }, key);
    const done = await reset();
    expect(done.body).toMatchObject({ dryRun: false, runId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(done.body.runId).not.toBe(before);
    expect((await reset()).body).toEqual(done.body);
    expect((await screened.ops.get(`/ops/runs/${enrollmentId}`)).body['runId']).toBe(done.body.runId);
    await screened.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'eligibility');
    expect((await screened.decide(enrollmentId)).status).toBe(201);
    await screened.until(enrollmentId, ({ outcome }) => outcome === 'active');
    // One that has ended is not opened again, beside whatever may have come after it.
    await expect.poll(async () => (await screened.ops.get(`/ops/runs/${enrollmentId}`)).body['status'], { timeout: 10_000 }).toBe('COMPLETED');
    expect((await screened.ops.post(`/ops/runs/${enrollmentId}/reset`, { reason: 'test' })).body).toMatchObject({ status: 409, code: 'run_has_ended' });
    // Temporal ends the run that is reset, and goes on with another.
    await expectInvariants(bench.at, { known: new Set([`run ended as TERMINATED: ${workflowIdOf({ studyCode: screened.studyCode, patientId })}`]) });
    const results = await bench.at.database.sql`select item, count(*)::int as n from edc.screening_results r join edc.screenings s on s.id = r.screening_id where s.enrollment_id = ${enrollmentId} group by 1 having count(*) > 1`;
    expect(results).toEqual([]);
  }, 60_000);
});
