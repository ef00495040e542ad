import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { expectInvariants } from '../support/invariants.ts';
import { attend } from '../support/people.ts';
import { directStudy, type DirectStudy, RANDOMISED_PROTOCOL, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { pivotOf, type Row, type Step, TABLE, undoneAtOnce, UNDOS } from './table.ts';
import { type Armed, WorkerChild } from './worker-child.ts';

const STEP_ROWS = TABLE.filter((row) => row.fault === 'the worker is killed with SIGKILL after the commit');
const WITHIN_MS = 60_000;
const ALL_HELD_WITHIN_MS = 90_000;
// A held activity times out and is held again: with the last attempt its step would park before the kill.
const timing = { attemptMs: 16_000, attempts: 6 };

type Run = { patientId: string; enrollmentId: string; study: DirectStudy };

/**
 * One person a row, each held in the row's activity after its commit; then one SIGKILL for all, and the workers start
 * again. The API lives in this process.
 */
describe('a worker process that is killed with SIGKILL while an activity is between its commit and its answer', () => {
  let at: TestSystem;
  let screened: DirectStudy;
  let randomised: DirectStudy;
  let workers: WorkerChild;
  const runs = new Map<string, Run>();

  beforeAll(async () => {
    at = await startTestSystem({ queues: [], timing });
    [screened, randomised] = [await directStudy(at, { protocol: SCREENED_PROTOCOL }), await directStudy(at, { protocol: RANDOMISED_PROTOCOL })];
    const options = {
      temporalAddress: at.temporal.address,
      workflowBundlePath: inject('workflowBundlePath'),
      smtpUrl: at.mailbox.smtpUrl,
      serviceKeysFile: at.serviceKeysFile,
      databaseUrls: Object.fromEntries(SERVICES.map((name) => [name, at.database.urlOf(name)])) as Record<ServiceName, string>,
    };
    workers = await WorkerChild.start(options);
    await Promise.all([...STEP_ROWS.map((row) => holdInStep(row.step)), ...UNDOS.map(holdInUndo)]);
    expect(await workers.kill()).toBe('SIGKILL');
    workers = await WorkerChild.start(options);
  }, ALL_HELD_WITHIN_MS);
  afterAll(async () => {
    await workers.kill();
    await at.stop();
  });

  it.each(STEP_ROWS.map((row): [string, Row] => [row.title, row]))('%s', async (_title, row) => {
    await endsAs(runOf(row.step.name), row.outcome);
  }, WITHIN_MS);

  it.each(UNDOS)('$undo (of $step.name): the worker is killed with SIGKILL after the commit → it holds', async ({ step, undo }) => {
    const run = runOf(undo);
    if (undoneAtOnce(step)) {
      await isParked(run, step);
      expect((await run.study.resolve(run.enrollmentId, 'retry')).status).toBe(200);
    }
    await endsAs(run, undoneAtOnce(step) ? 'active' : 'voided');
  }, WITHIN_MS);

  it('leaves every invariant as it must be', () => expectInvariants(at, { withinMs: 30_000 }), WITHIN_MS);

  async function holdInStep(step: Step): Promise<void> {
    const { activity } = step;
    const { patientId } = await begin(step.name, step, (id) => [{ patientId: id, activity, mode: 'holds' }]);
    await isHeld({ patientId, activity });
  }

  async function holdInUndo({ step, undo }: (typeof UNDOS)[number]): Promise<void> {
    const run = await begin(undo, step, (id) => [
      { patientId: id, activity: pivotOf(step).activity, mode: 'fails' },
      { patientId: id, activity: undo, mode: 'holds' },
    ]);
    if (!undoneAtOnce(step)) {
      await isParked(run, step);
      expect((await run.study.resolve(run.enrollmentId, 'abort')).status).toBe(200);
    }
    await isHeld({ patientId: run.patientId, activity: undo });
  }

  async function begin(name: string, { protocol }: Step, faults: (patientId: string) => Armed[]): Promise<Run> {
    const randomises = protocol === 'randomises';
    const study = randomises ? randomised : screened;
    const patientId = await study.register();
    await workers.arm(faults(patientId));
    const { status, body } = await study.enrol(patientId);
    expect([201, 202]).toContain(status);
    void attend(study, body.enrollmentId, { randomises });
    const run = { patientId, enrollmentId: body.enrollmentId, study };
    runs.set(name, run);
    return run;
  }

  async function isHeld(target: { patientId: string; activity: string }): Promise<void> {
    await vi.waitFor(() => expect(workers.isHolding(target), `${target.activity} is held`).toBe(true), { timeout: WITHIN_MS, interval: 50 });
  }

  /** Parked on the pivot; looks at the record, because a GET asks the one worker process each time. */
  async function isParked({ enrollmentId }: Run, step: Step): Promise<void> {
    await vi.waitFor(
      async () => {
        const [row] = await at.database.sql`select needs_attention, stuck_step from study.enrollments where id = ${enrollmentId}`;
        expect(row).toEqual({ needs_attention: true, stuck_step: pivotOf(step).name });
      },
      { timeout: WITHIN_MS, interval: 100 },
    );
  }

  function runOf(name: string): Run {
    const run = runs.get(name);
    if (!run) throw new Error(`nobody was held in ${name}`);
    return run;
  }

  async function endsAs({ enrollmentId, patientId, study }: Run, outcome: string): Promise<void> {
    const handle = at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`);
    await at.system.client.withDeadline(Date.now() + WITHIN_MS, () => handle.result());
    expect((await study.get(enrollmentId)).body.outcome).toBe(outcome);
  }
});
