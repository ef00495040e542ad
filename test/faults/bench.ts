import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { QUEUES } from '../../runtime/workers.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { TimingProfile } from '../../workflows/timing.ts';
import { directStudy } from '../support/scenario.ts';
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
  await at.restart({ queues: QUEUES, databaseUrls });
  const study = await directStudy(at, { cap: 1000 });
  return {
    at,
    plan,
    proxies,
    study,
    /** What Temporal's list tells an operator of this person's enrollment. */
    listed: async (patientId: string) => {
      const { typedSearchAttributes: known } = await at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`).describe();
      return { needsAttention: known.get(searchAttributes.needsAttention) ?? false, stuckStep: known.get(searchAttributes.stuckStep) ?? null };
    },
    stop: async () => {
      await at.stop();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    },
  };
}

export type FaultBench = Awaited<ReturnType<typeof startFaultBench>>;
