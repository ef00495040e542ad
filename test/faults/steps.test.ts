import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenInvariants, expectInvariants } from '../support/invariants.ts';
import { endsAs, enrolled, type FaultBench, parksOn, type Run, startFaultBench } from './bench.ts';
import { answersTooLate, fails, holdsBack, type LateAttempt, losesEveryAnswer } from './fault-plan.ts';
import { type FaultName, type Row, TABLE } from './table.ts';

/** The killed worker has a file of its own. */
const KILLED = 'the worker is killed with SIGKILL after the commit';
type InProcess = Exclude<FaultName, typeof KILLED>;
const ROWS = TABLE.flatMap((row) => (row.fault === KILLED ? [] : [{ ...row, fault: row.fault }]));
type InProcessRow = Row & { fault: InProcess };

describe('every step, every fault: what comes out is right, and the invariants hold', () => {
  let bench: FaultBench;
  const known = new Set<string>();

  beforeAll(async () => {
    bench = await startFaultBench();
  });
  afterAll(() => bench.stop());

  it.each<[string, InProcessRow]>(ROWS.map((row) => [row.title, row]))('%s', async (_title, row) => {
    const before = bench.plan.met;
    try {
      await RUN[row.fault](bench, row);
      expect(bench.plan.met, 'the step was reached and met its fault').toBeGreaterThan(before);
    } catch (failure) {
      // What a red row leaves behind is not the next one's finding.
      for (const finding of await brokenInvariants(bench.at)) known.add(finding);
      throw failure;
    }
    await expectInvariants(bench.at, { known });
  });
});

const about = ({ step }: Row) => ({ randomises: step.protocol === 'randomises' });

const RUN: Record<InProcess, (bench: FaultBench, row: Row) => Promise<void>> = {
  'fails for ever': async (bench, row) => {
    const activity = row.step.activity;
    const run = await enrolled(bench, (patientId) => bench.plan.arm({ patientId, activity }, fails), about(row));
    await parksOn(bench, row.step.name, run);
    const heal = () => bench.plan.heal({ patientId: run.patientId, activity });
    if (row.resolved === 'retry') heal();
    await resolve(run, row, { heal });
    await endsAs(bench, row.outcome, run);
  },

  'takes effect, but every answer is lost': async (bench, row) => {
    const activity = row.step.activity;
    const run = await enrolled(bench, (patientId) => bench.plan.arm({ patientId, activity }, losesEveryAnswer), about(row));
    if (row.resolved !== 'heals') {
      await parksOn(bench, row.step.name, run);
      bench.plan.heal({ patientId: run.patientId, activity });
      await resolve(run, row, { heal: () => undefined });
    }
    await endsAs(bench, row.outcome, run);
  },

  'the connection breaks after COMMIT, before the answer': async (bench, row) => {
    const { plan, proxies } = bench;
    const { activity, service, name } = row.step;
    const cuts: { done: boolean }[] = [];
    // A notice commits its key with its messages, then each delivery: that is where a mail has gone out already.
    const nth = name === 'notices' ? 2 : 1;
    const run = await enrolled(bench, (patientId) =>
      plan.arm({ patientId, activity }, ({ call, attempt, proceed }) => {
        if (attempt === 1) cuts.push(proxies[service].cutAfterCommit(call.key, nth));
        return proceed();
      }),
      about(row),
    );
    await endsAs(bench, row.outcome, run);
    expect(cuts.length).toBeGreaterThan(0);
    expect(cuts.every((cut) => cut.done), 'the connection was cut').toBe(true);
  },

  'the answer comes later than the time-out': async (bench, row) => {
    const run = await enrolled(bench, (patientId) => bench.plan.arm({ patientId, activity: row.step.activity }, answersTooLate()), about(row));
    await endsAs(bench, row.outcome, run);
  },

  'the late attempt commits after its compensation': async (bench, row) => {
    const { plan } = bench;
    const activity = row.step.activity;
    const held = holdsBack();
    const run = await enrolled(bench, (patientId) => plan.arm({ patientId, activity }, held.fault), about(row));
    const { study } = run;
    await parksOn(bench, row.step.name, run);
    plan.heal({ patientId: run.patientId, activity });
    await resolve(run, row, { heal: () => undefined });
    await endsAs(bench, row.outcome, run);
    const before = await traces(bench, run.enrollmentId);
    const known = (await study.get(run.enrollmentId)).body;

    const late = await held.letGo();
    expectLate(row, late);
    // A signed consent is kept whenever it arrives (domain, step 1); everything else must leave no trace.
    const kept = row.step.name === 'consent' ? { consents: 1 } : {};
    expect(await traces(bench, run.enrollmentId)).toEqual({ ...before, ...kept });
    const { outcome, stage, status, subjectNumber } = known;
    expect((await study.get(run.enrollmentId)).body).toMatchObject({ outcome, stage, status, ...(subjectNumber ? { subjectNumber } : {}) });
  },
};

async function resolve({ study, enrollmentId }: Run, row: Row, { heal }: { heal: () => void }): Promise<void> {
  if (row.resolved === 'heals') throw new Error('nobody resolves what heals by itself');
  const answer = await study.resolve(enrollmentId, row.resolved);
  if (row.resolved !== 'abort' || row.step.side !== 'after') {
    expect(answer).toMatchObject({ status: 200 });
    return;
  }
  expect(answer).toMatchObject({ status: 409, body: { code: 'too_late' } });
  heal();
  expect((await study.resolve(enrollmentId, 'retry')).status).toBe(200);
}

/** What people asked for is settled when it is cut short, so that its key is dead; an evaluation finds the outcome. */
const REFUSED_LATE: Partial<Record<string, string>> = { results: 'command_cancelled', evaluation: 'enrollment_closed', signature: 'command_cancelled' };

function expectLate(row: Row, late: LateAttempt[]): void {
  expect(late.length).toBeGreaterThan(0);
  for (const one of late) {
    if (row.step.undo === undefined && !(row.step.name in REFUSED_LATE)) expect(one).toHaveProperty('answer');
    else if (row.step.name in REFUSED_LATE) expect(one).toEqual({ refused: REFUSED_LATE[row.step.name] });
    else expect(one).toEqual({ refused: 'command_cancelled' });
  }
}

/** Everything that was written of an enrollment, by table. */
async function traces({ at: { database: { sql } } }: FaultBench, enrollmentId: string) {
  const [row] = await sql`
    select (select count(*)::int from patient.consents where enrollment_id = ${enrollmentId}) as consents,
      (select count(*)::int from study.milestones where enrollment_id = ${enrollmentId} and event not in ('PROGRESS', 'NEEDS ATTENTION')) as milestones,
      (select count(*)::int from study.screening_log where enrollment_id = ${enrollmentId}) as log_lines,
      (select string_agg(status, ' ' order by id) from site.slots where enrollment_id = ${enrollmentId}) as slots,
      (select count(*)::int from edc.screening_results r join edc.screenings s on s.id = r.screening_id where s.enrollment_id = ${enrollmentId}) as results,
      (select count(*)::int from study.eligibility_evaluations where enrollment_id = ${enrollmentId}) as evaluations,
      (select count(*)::int from study.eligibility_decisions where enrollment_id = ${enrollmentId}) as decisions,
      (select count(*)::int from study.allocations where enrollment_id = ${enrollmentId}) as allocations,
      (select string_agg(status, ' ') from edc.casebooks where enrollment_id = ${enrollmentId}) as casebooks,
      (select string_agg(status, ' ') from edc.epro_schedules where enrollment_id = ${enrollmentId}) as schedules,
      (select string_agg(status || attempts, ' ' order by id) from notification.messages where enrollment_id = ${enrollmentId} and kind <> 'stuck') as messages`;
  return { ...row };
}
