import { expect, vi } from 'vitest';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { QUEUES } from '../../runtime/workers.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { TimingProfile } from '../../workflows/timing.ts';
import { attend } from '../support/people.ts';
import { type DirectStudy, directStudy, RANDOMISED_PROTOCOL, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem } from '../support/system.ts';
import { FaultPlan } from './fault-plan.ts';
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts';

/** Milliseconds; a round that nobody asks for never comes, so that only what a row does can heal it. */
export const FAULT_TIMING: TimingProfile = { attemptMs: 900, retryInitialMs: 20, retryMaximumMs: 60, attempts: 3, roundMs: 3_600_000 };

/** The whole system with a fault proxy before every service's database and a fault plan before every activity. */
export async function startFaultBench(timing: Partial<TimingProfile> = {}) {
  const plan = new FaultPlan();
  // The database has its name only when the system stands, so the proxies come in with a restart.
  const at = await startTestSystem({ timing: { ...FAULT_TIMING, ...timing }, interceptors: plan.interceptors, queues: [] });
  const proxies = Object.fromEntries(
    await Promise.all(SERVICES.map(async (name) => [name, await startPostgresProxy(at.database.urlOf(name))] as const)),
  ) as Record<ServiceName, PostgresProxy>;
  const databaseUrls = Object.fromEntries(SERVICES.map((name) => [name, proxies[name].url])) as Record<ServiceName, string>;
  const restart = (again: Partial<TimingProfile>) => at.restart({ timing: { ...FAULT_TIMING, ...again }, queues: QUEUES, databaseUrls });
  await restart(timing);
  const study = await directStudy(at, { cap: 1000, protocol: SCREENED_PROTOCOL });
  const randomised = await directStudy(at, { cap: 1000, protocol: { ...RANDOMISED_PROTOCOL, randomisation: { ...RANDOMISED_PROTOCOL.randomisation, freesCapOnWithdrawal: true } } });
  return {
    at,
    plan,
    proxies,
    study,
    /** With a randomisation as its pivot. */
    randomised,
    /** The same system with another timing for the enrollments to come. */
    restart,
    /** What Temporal's list tells an operator of this person's enrollment. */
    listed: async ({ patientId, study: within }: Pick<Run, 'patientId' | 'study'>) => {
      const { typedSearchAttributes: known } = await at.system.client.workflow.getHandle(`enrollment/${within.studyCode}/${patientId}`).describe();
      return { needsAttention: known.get(searchAttributes.needsAttention) ?? false, stuckStep: known.get(searchAttributes.stuckStep) ?? null };
    },
    stop: async () => {
      await at.stop();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    },
  };
}

export type FaultBench = Awaited<ReturnType<typeof startFaultBench>>;

/** The run ends with this outcome, bounded; the record says the same, and nothing waits for an operator any more. */
export async function endsAs({ at }: FaultBench, outcome: string, { enrollmentId, patientId, study }: Run, withinMs = 20_000): Promise<void> {
  const handle = at.system.client.workflow.getHandle<() => Promise<{ outcome: string }>>(`enrollment/${study.studyCode}/${patientId}`);
  expect((await at.system.client.withDeadline(Date.now() + withinMs, () => handle.result())).outcome).toBe(outcome);
  expect((await study.get(enrollmentId)).body).toMatchObject({ outcome, needsAttention: false });
}

export type Run = { enrollmentId: string; patientId: string; study: DirectStudy };

/** Registers somebody, arms faults for them and enrols them; the people of the site do their part. */
export async function enrolled(bench: FaultBench, arm: (patientId: string) => void, { randomises = false }: { randomises?: boolean } = {}): Promise<Run> {
  const study = randomises ? bench.randomised : bench.study;
  const patientId = await study.register();
  arm(patientId);
  const { status, body } = await study.enrol(patientId);
  if (status !== 201 && status !== 202) throw new Error(`POST /enrollments: ${status} ${body.code}`);
  void attend(study, body.enrollmentId, { randomises });
  return { enrollmentId: body.enrollmentId, patientId, study };
}

/**
 * Waits until this step needs an operator, bounded; then REST and Temporal's list must say so, too. Looks at the record's
 * row meanwhile, because a GET asks the workflow each time.
 */
export async function parksOn(bench: FaultBench, stuckStep: string, run: Run, withinMs = 20_000): Promise<void> {
  const { sql } = bench.at.database;
  const { enrollmentId, study } = run;
  await vi.waitFor(
    async () => {
      const [row] = await sql`select needs_attention, stuck_step, stage from study.enrollments where id = ${enrollmentId}`;
      expect(row).toMatchObject({ needs_attention: true, stuck_step: stuckStep });
      // A mail that fails is shown while people are waited for, too; the step is the one past the pivot.
      if (stuckStep === 'notices') expect(row).toMatchObject({ stage: 'activation' });
    },
    { timeout: withinMs, interval: 50 },
  );
  // Shown anew when the wait has ended that it was shown beside: for a moment there may be nothing.
  await vi.waitFor(
    async () => {
      expect((await study.get(enrollmentId)).body).toMatchObject({ needsAttention: true, stuckStep });
      expect(await bench.listed(run)).toEqual({ needsAttention: true, stuckStep });
    },
    { timeout: withinMs, interval: 100 },
  );
}
