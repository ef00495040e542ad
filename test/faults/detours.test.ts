import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { endsAs, enrolled, type FaultBench, parksOn, type Run, startFaultBench } from './bench.ts';
import { type Fault, fails } from './fault-plan.ts';
import { type Detour, DETOUR_TABLE, type DetourRow } from './table.ts';

describe('what the workflow does beside its steps: every fault, and the invariants hold', () => {
  let bench: FaultBench;

  beforeAll(async () => {
    bench = await startFaultBench();
  });
  afterAll(() => bench.stop());

  it.each(DETOUR_TABLE.map((row): [string, DetourRow] => [row.title, row]))('%s', async (_title, row) => {
    const cuts: { done: boolean }[] = [];
    const breaks: Fault = ({ call, attempt, proceed }) => {
      if (attempt === 1) cuts.push(bench.proxies[row.service].cutAfterCommit(call.input.stepKey ?? call.key));
      return proceed();
    };
    const before = bench.plan.met;
    await RUN[row.activity](bench, { row, fault: row.fault === 'fails for ever' ? fails : breaks });
    expect(bench.plan.met, 'the activity was reached and met its fault').toBeGreaterThan(before);
    if (row.fault !== 'fails for ever') expect(cuts.length > 0 && cuts.every((cut) => cut.done), 'the connection was cut').toBe(true);
    await expectInvariants(bench.at);
  });
});

type Armed = { row: DetourRow; fault: Fault };

const RUN: Record<Detour, (bench: FaultBench, armed: Armed) => Promise<void>> = {
  /** A consent to a version that was not approved: the deviation is logged once, beside the wait for another consent. */
  logDeviation: async (bench, { row, fault }) => {
    const { plan, study, at } = bench;
    const patientId = await study.register();
    plan.arm({ patientId, activity: row.activity }, fault);
    const { body, status } = await study.clinician.post<{ enrollmentId: string }>('/enrollments', study.body(patientId, { version: '9.9' }));
    expect(status).toBe(201);
    const run = { patientId, enrollmentId: body.enrollmentId, study };
    if (row.fault === 'fails for ever') {
      await parksOn(bench, 'deviation', run);
      plan.heal({ patientId, activity: row.activity });
      expect((await study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await study.until(run.enrollmentId, (now) => now.awaiting?.what === 'consent' && !now.needsAttention);
    const logged = async () => (await at.database.sql`select 1 from study.deviations where enrollment_id = ${run.enrollmentId}`).length;
    await expect.poll(logged, { timeout: 10_000 }).toBe(1);
    expect((await study.resolve(run.enrollmentId, 'abort')).status).toBe(200);
    await endsAs(bench, 'voided', run);
    expect(await logged()).toBe(1);
  },

  /** A signature that is invalidated while the pivot is parked: recorded once, undone, and signed again. */
  invalidateEligibility: async (bench, { row, fault }) => {
    const { plan, study, at } = bench;
    const run = await enrolled(bench, (patientId) => plan.arm({ patientId, activity: 'confirmSlot' }, fails));
    await parksOn(bench, 'confirmation', run);
    plan.arm({ patientId: run.patientId, activity: row.activity }, fault);
    const key = randomUUID();
    const invalidated = study.invalidate(run.enrollmentId, key);
    if (row.fault === 'fails for ever') {
      await parksOn(bench, 'invalidation', run);
      plan.heal({ patientId: run.patientId, activity: row.activity });
      expect((await study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await invalidated;
    expect((await study.invalidate(run.enrollmentId, key)).status).toBe(201);
    plan.heal({ patientId: run.patientId, activity: 'confirmSlot' });
    await study.until(run.enrollmentId, (now) => now.awaiting?.what === 'eligibility');
    expect((await study.decide(run.enrollmentId)).status).toBe(201);
    await endsAs(bench, 'active', run);
    const decisions = await at.database.sql`select round, invalidated_at is null as stands from study.eligibility_decisions where enrollment_id = ${run.enrollmentId} order by round`;
    expect([...decisions]).toEqual([{ round: 1, stands: false }, { round: 2, stands: true }]);
  },

  /** A withdrawal while a signature is parked: nobody is told that it was not given before that is certain. */
  settleStep: async (bench, { row, fault }) => {
    const { plan, study } = bench;
    const run = await enrolled(bench, (patientId) => {
      plan.arm({ patientId, activity: 'signEligibility' }, fails);
      plan.arm({ patientId, activity: row.activity }, fault);
    });
    await parksOn(bench, 'signature', run);
    expect((await study.withdraw(run.enrollmentId)).status).toBe(200);
    if (row.fault === 'fails for ever') {
      await parksOn(bench, 'settle a request', run);
      plan.heal({ patientId: run.patientId, activity: row.activity });
      expect((await study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await endsAs(bench, 'declined', run);
  },

  /** A withdrawal after the pivot, while the notices are parked: acknowledged at once, and applied until it holds. */
  stopDataCollection: async (bench, { row, fault }) => {
    const { plan, study } = bench;
    const run = await enrolled(bench, (patientId) => {
      plan.arm({ patientId, activity: 'sendNotice' }, fails);
      plan.arm({ patientId, activity: row.activity }, fault);
    });
    await parksOn(bench, 'notices', run);
    plan.heal({ patientId: run.patientId, activity: 'sendNotice' });
    expect((await study.withdraw(run.enrollmentId, 'all_data_collection')).status).toBe(200);
    if (row.fault === 'fails for ever') {
      await parksOn(bench, 'withdrawal', run);
      plan.heal({ patientId: run.patientId, activity: row.activity });
      expect((await study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await endsAs(bench, 'withdrawn', run);
  },

  /** A withdrawal past the pivot, where the protocol gives the place back: once, and until it holds. */
  freeSlot: async (bench, { row, fault }) => {
    const { plan, at } = bench;
    const run = await enrolled(
      bench,
      (patientId) => {
        plan.arm({ patientId, activity: 'sendNotice' }, fails);
        plan.arm({ patientId, activity: row.activity }, fault);
      },
      { randomises: true },
    );
    await parksOn(bench, 'notices', run);
    plan.heal({ patientId: run.patientId, activity: 'sendNotice' });
    expect((await run.study.withdraw(run.enrollmentId)).status).toBe(200);
    if (row.fault === 'fails for ever') {
      await parksOn(bench, 'withdrawal', run);
      plan.heal({ patientId: run.patientId, activity: row.activity });
      expect((await run.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await endsAs(bench, 'withdrawn', run);
    const slots = await at.database.sql`select status from site.slots where enrollment_id = ${run.enrollmentId}`;
    expect(slots.map(({ status }) => status as string)).toEqual(['released']);
    expect(await at.database.sql`select 1 from study.allocations where enrollment_id = ${run.enrollmentId}`).toHaveLength(1);
  },

  /** Nothing waits for a note of the progress: Temporal's list shows what is stuck, and it can be resolved. */
  recordProgress: async (bench, { row, fault }) => {
    const { plan, study } = bench;
    const run: Run = await enrolled(bench, (patientId) => {
      plan.arm({ patientId, activity: 'confirmSlot' }, fails);
      plan.arm({ patientId, activity: row.activity }, fault);
    });
    await expect.poll(() => bench.listed(run), { timeout: 15_000 }).toEqual({ needsAttention: true, stuckStep: 'confirmation' });
    plan.heal({ patientId: run.patientId, activity: 'confirmSlot' });
    expect((await study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    await endsAs(bench, 'active', run);
  },
};
