import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { endsAs, enrolled, type FaultBench, parksOn, type Run, startFaultBench } from './bench.ts';
import { fails } from './fault-plan.ts';
import { pivotOf, UNDO_TABLE, undoneAtOnce, type UndoRow } from './table.ts';

const ROUND_MS = 1200;

describe('every compensation goes on until it holds, and whoever must know of it sees it', () => {
  let bench: FaultBench;

  beforeAll(async () => {
    bench = await startFaultBench();
  });
  afterAll(() => bench.stop());

  const rowsOf = (fault: UndoRow['fault']) => UNDO_TABLE.filter((row) => row.fault === fault).map((row): [string, UndoRow] => [row.title, row]);

  it.each(rowsOf('fails for ever until an operator says retry'))('%s', async (_title, row) => {
    const run = await untilUndone(bench, row, (patientId) => bench.plan.arm({ patientId, activity: row.undo }, fails));
    await parksOn(bench, stuckStepOf(row), run);
    // An abort has nothing left to end here: a compensation may only be tried again.
    if (!undoneAtOnce(row.step)) expect((await run.study.resolve(run.enrollmentId, 'abort')).status).toBe(409);
    bench.plan.heal({ patientId: run.patientId, activity: row.undo });
    expect((await run.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    await endsRight(bench, row, run);
  });

  it.each(rowsOf('its answer is lost after COMMIT'))('%s', async (_title, row) => {
    const cuts: { done: boolean }[] = [];
    const run = await untilUndone(bench, row, (patientId) =>
      bench.plan.arm({ patientId, activity: row.undo }, ({ call, attempt, proceed }) => {
        if (attempt === 1) cuts.push(bench.proxies[row.step.service].cutAfterCommit(call.input.stepKey ?? call.key));
        return proceed();
      }),
    );
    await endsRight(bench, row, run);
    expect(cuts.map((cut) => cut.done)).toEqual([true]);
  });

  describe('with a time between rounds that ends', () => {
    beforeAll(() => bench.restart({ roundMs: ROUND_MS }));

    it.each(rowsOf('fails for ever until the next round'))('%s', async (_title, row) => {
      const run = await untilUndone(bench, row, (patientId) => bench.plan.arm({ patientId, activity: row.undo }, fails));
      await parksOn(bench, stuckStepOf(row), run);
      bench.plan.heal({ patientId: run.patientId, activity: row.undo });
      await endsRight(bench, row, run);
    });
  });
});

/** What is undone for the pivot is only settled: it then goes on, or asks. */
const settles = (row: UndoRow) => row.step.side === 'pivot';

const randomises = ({ step }: UndoRow) => step.protocol === 'randomises';

/**
 * Enrols somebody up to a pivot that fails for ever, where everything is there to be undone, and aborts. The place that
 * was confirmed ahead of a randomisation is undone as soon as that has not come about.
 */
async function untilUndone(bench: FaultBench, row: UndoRow, arm: (patientId: string) => void): Promise<Run> {
  const atOnce = undoneAtOnce(row.step);
  const pivot = pivotOf(row.step);
  const run = await enrolled(
    bench,
    (patientId) => {
      bench.plan.arm({ patientId, activity: pivot.activity }, fails);
      if (atOnce) arm(patientId);
    },
    { randomises: randomises(row) },
  );
  if (atOnce) return run;
  await parksOn(bench, pivot.name, run);
  arm(run.patientId);
  expect((await run.study.resolve(run.enrollmentId, 'abort')).status).toBe(200);
  return run;
}

function stuckStepOf(row: UndoRow): string {
  if (!settles(row)) return `UNDO: ${row.step.name}`;
  return randomises(row) ? 'settle the randomisation' : 'settle the confirmation';
}

/** Undone: voided. Settled as not passed: the pivot itself parks, and passes on retry. */
async function endsRight(bench: FaultBench, row: UndoRow, run: Run): Promise<void> {
  const passes = undoneAtOnce(row.step);
  if (passes) {
    const pivot = pivotOf(row.step);
    await parksOn(bench, pivot.name, run);
    bench.plan.heal({ patientId: run.patientId, activity: pivot.activity });
    expect((await run.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
  }
  await endsAs(bench, passes ? 'active' : 'voided', run);
  await expectInvariants(bench.at);
}
