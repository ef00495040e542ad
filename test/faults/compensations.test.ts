import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { endsAs, enrolled, type FaultBench, parksOn, type Run, startFaultBench } from './bench.ts';
import { fails } from './fault-plan.ts';
import { UNDO_TABLE, type UndoRow } from './table.ts';

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
    if (!settles(row)) expect((await bench.study.resolve(run.enrollmentId, 'abort')).status).toBe(409);
    bench.plan.heal({ patientId: run.patientId, activity: row.undo });
    expect((await bench.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
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

/** Enrols somebody up to a pivot that fails for ever, where everything is there to be undone, and aborts. */
async function untilUndone(bench: FaultBench, row: UndoRow, arm: (patientId: string) => void): Promise<Run> {
  const run = await enrolled(bench, (patientId) => {
    bench.plan.arm({ patientId, activity: 'confirmSlot' }, fails);
    if (settles(row)) arm(patientId);
  });
  if (settles(row)) return run;
  await parksOn(bench, 'confirmation', run);
  arm(run.patientId);
  expect((await bench.study.resolve(run.enrollmentId, 'abort')).status).toBe(200);
  return run;
}

function stuckStepOf(row: UndoRow): string {
  return settles(row) ? 'settle the confirmation' : `UNDO: ${row.step.name}`;
}

/** Undone: voided. Settled as not confirmed: the pivot itself parks, and passes on retry. */
async function endsRight(bench: FaultBench, row: UndoRow, run: Run): Promise<void> {
  if (settles(row)) {
    await parksOn(bench, 'confirmation', run);
    bench.plan.heal({ patientId: run.patientId, activity: 'confirmSlot' });
    expect((await bench.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
  }
  await endsAs(bench, settles(row) ? 'active' : 'voided', run);
  await expectInvariants(bench.at);
}
