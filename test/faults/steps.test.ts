import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { type FaultBench, startFaultBench } from './bench.ts';
import { answersTooLate, fails, holdsBack, type LateAttempt } from './fault-plan.ts';
import { type FaultName, type Row, TABLE } from './table.ts';

const IN_PROCESS = TABLE.filter((row) => row.fault !== 'the worker is killed with SIGKILL after the commit');

describe('every step, every fault: what comes out is right, and the invariants hold', () => {
  let bench: FaultBench;

  beforeAll(async () => {
    bench = await startFaultBench();
  });
  afterAll(() => bench.stop());

  it.each(IN_PROCESS)('$title', async (row) => {
    const before = bench.plan.met;
    await RUN[row.fault](bench, row);
    expect(bench.plan.met, 'the step was reached and met its fault').toBeGreaterThan(before);
    await expectInvariants(bench.at);
  });
});

const RUN: Record<FaultName, (bench: FaultBench, row: Row) => Promise<void>> = {
  'fails for ever': async (bench, row) => {
    const { plan, study } = bench;
    const { enrollmentId, target } = await enrolled(bench, row, (it) => plan.arm(it, fails));
    await parks(bench, row, { enrollmentId, patientId: target.patientId });
    if (row.resolved === 'retry') plan.heal(target);
    await resolve(bench, row, { enrollmentId, heal: () => plan.heal(target) });
    await study.until(enrollmentId, (body) => body.outcome === row.outcome && !body.needsAttention);
  },

  'the connection breaks after COMMIT, before the answer': async (bench, row) => {
    const { plan, proxies, study } = bench;
    const cuts: { done: boolean }[] = [];
    // A notice commits its key, its messages, then each delivery: the last is where a mail has gone out already.
    const nth = row.step.name === 'notices' ? 3 : 1;
    const { enrollmentId } = await enrolled(bench, row, (it) =>
      plan.arm(it, ({ call, attempt, proceed }) => {
        if (attempt === 1) cuts.push(proxies[row.step.service].cutAfterCommit(call.key, nth));
        return proceed();
      }),
    );
    await study.until(enrollmentId, (body) => body.outcome === row.outcome);
    expect(cuts.length).toBeGreaterThan(0);
    expect(cuts.every((cut) => cut.done), 'the connection was cut').toBe(true);
  },

  'the answer comes later than the time-out': async (bench, row) => {
    const { enrollmentId } = await enrolled(bench, row, (it) => bench.plan.arm(it, answersTooLate()));
    await bench.study.until(enrollmentId, (body) => body.outcome === row.outcome);
  },

  'the late attempt commits after its compensation': async (bench, row) => {
    const { plan, study } = bench;
    const held = holdsBack();
    const { enrollmentId, target } = await enrolled(bench, row, (it) => plan.arm(it, held.fault));
    await parks(bench, row, { enrollmentId, patientId: target.patientId });
    plan.heal(target);
    await resolve(bench, row, { enrollmentId, heal: () => undefined });
    const ended = await study.until(enrollmentId, (body) => body.outcome === row.outcome);
    await bench.at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${target.patientId}`).result();
    const before = await traces(bench, enrollmentId);
    const late = await held.letGo();
    const { outcome, stage, subjectNumber } = (await study.get(enrollmentId)).body;
    expect({ outcome, stage, subjectNumber }).toEqual({ outcome: ended.outcome, stage: ended.stage, subjectNumber: ended.subjectNumber });
    expectLate(row, late);
    // A signed consent is kept whenever it arrives (domain, step 1); everything else must leave no trace.
    if (row.step.side === 'kept') expect(await consentsOf(bench, enrollmentId)).toBe(1);
    else expect(await traces(bench, enrollmentId)).toEqual(before);
  },

  'the worker is killed with SIGKILL after the commit': () => Promise.reject(new Error('run by killed-worker.test.ts')),
};

/** Registers somebody, arms the fault for them and enrols them. */
async function enrolled({ study }: FaultBench, row: Row, arm: (target: { patientId: string; activity: string }) => void) {
  const target = { patientId: await study.register(), activity: row.step.activity };
  arm(target);
  const posted = await study.enrol(target.patientId);
  expect([201, 202]).toContain(posted.status);
  return { enrollmentId: posted.body.enrollmentId, target };
}

/** Parked on the row's step, and shown in the record and in Temporal's list. */
async function parks({ study, listed }: FaultBench, row: Row, { enrollmentId, patientId }: { enrollmentId: string; patientId: string }) {
  const { stuckStep } = await study.until(enrollmentId, (body) => body.needsAttention);
  expect(stuckStep).toBe(row.step.name);
  expect(await listed(patientId)).toEqual({ needsAttention: true, stuckStep: row.step.name });
}

async function resolve({ study }: FaultBench, row: Row, { enrollmentId, heal }: { enrollmentId: string; heal: () => void }) {
  if (row.resolved === 'heals') return;
  const key = randomUUID();
  const answer = await study.resolve(enrollmentId, row.resolved, key);
  if (row.resolved !== 'abort' || row.step.side !== 'after') {
    expect(answer.status).toBe(200);
    return;
  }
  expect(answer).toMatchObject({ status: 409, body: { code: 'too_late' } });
  heal();
  expect((await study.resolve(enrollmentId, 'retry')).status).toBe(200);
}

function expectLate(row: Row, late: LateAttempt[]): void {
  expect(late.length).toBeGreaterThan(0);
  const undone = row.step.undo !== undefined;
  for (const one of late) {
    if (undone) expect(one).toEqual({ refused: 'command_cancelled' });
    else expect(one).toHaveProperty('answer');
  }
}

/** Everything that was written of an enrollment, by table. */
async function traces({ at: { database: { sql } } }: FaultBench, enrollmentId: string) {
  const [row] = await sql`
    select (select count(*) from patient.consents where enrollment_id = ${enrollmentId}) as consents,
      (select count(*) from study.milestones where enrollment_id = ${enrollmentId}) as milestones,
      (select count(*) from study.screening_log where enrollment_id = ${enrollmentId}) as log_lines,
      (select string_agg(status, ' ' order by id) from site.slots where enrollment_id = ${enrollmentId}) as slots,
      (select string_agg(status, ' ') from edc.casebooks where enrollment_id = ${enrollmentId}) as casebooks,
      (select string_agg(status, ' ') from edc.epro_schedules where enrollment_id = ${enrollmentId}) as schedules,
      (select string_agg(status || attempts, ' ' order by id) from notification.messages where enrollment_id = ${enrollmentId} and kind <> 'stuck') as messages`;
  return row;
}

async function consentsOf({ at: { database: { sql } } }: FaultBench, enrollmentId: string): Promise<number> {
  const rows = await sql`select 1 from patient.consents where enrollment_id = ${enrollmentId}`;
  return rows.length;
}
