import { setTimeout as delay } from 'node:timers/promises';
import { WORKFLOW_TYPE, workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { Outcome } from '../../workflows/consent-to-enrollment/types.ts';
import { QUEUES } from '../../runtime/workers.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { directStudy, type DirectStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';

/** What a scenario needs of a running system; `restart` gives it other workers on the same data. */
export type Stage = Pick<TestSystem, 'url' | 'issuer' | 'restart'> & { system: Pick<TestSystem['system'], 'client' | 'channels'> };

export type Scenario = {
  /** Stands in the file's name, after the version that recorded it. */
  name: string;
  workflowType: string;
  /** What the run ends with; null where the workflow has no outcome of its own. */
  outcome: Outcome | null;
  /** Leads a run to its end on a real system; answers its workflow id. */
  produce(at: Stage, plan: FaultPlan): Promise<string>;
};

export type Started = { enrollmentId: string; patientId: string };
export type Scene = { at: Stage; study: DirectStudy; plan: FaultPlan };

export function enrollment(name: string, outcome: Outcome, run: (scene: Scene) => Promise<Started>, protocol: Record<string, unknown> = {}): Scenario {
  return {
    name,
    workflowType: WORKFLOW_TYPE,
    outcome,
    produce: async (at, plan) => {
      const study = await directStudy(at, { protocol });
      const { patientId } = await run({ at, study, plan });
      return workflowIdOf({ studyCode: study.studyCode, patientId });
    },
  };
}

export function screened(name: string, outcome: Outcome, run: (scene: Scene) => Promise<Started>, protocol: Record<string, unknown> = {}): Scenario {
  return enrollment(name, outcome, run, { ...SCREENED_PROTOCOL, ...protocol });
}

export async function started(study: DirectStudy, consent: Record<string, unknown> = {}): Promise<Started> {
  const patientId = await study.register();
  return post(study, patientId, consent);
}

export async function post(study: DirectStudy, patientId: string, consent: Record<string, unknown> = {}): Promise<Started> {
  const answer = study.clinician.post<{ enrollmentId: string }>('/enrollments', study.body(patientId, consent));
  const { enrollmentId } = await accepted(answer);
  return { enrollmentId, patientId };
}

export async function ended(study: DirectStudy, run: Started): Promise<Started> {
  await until(study, run.enrollmentId, ({ outcome }) => outcome !== undefined);
  return run;
}

export async function withResults(study: DirectStudy, values?: Record<string, unknown>): Promise<Started> {
  const run = await started(study);
  await accepted(study.screen(run.enrollmentId, values));
  return run;
}

/** Signed while `arm` says what the steps after it meet. */
export async function signed({ study, plan }: Scene, arm: (plan: FaultPlan, run: Started) => void = () => undefined): Promise<Started> {
  const run = await withResults(study);
  arm(plan, run);
  await awaits(study, run, 'eligibility');
  await accepted(study.decide(run.enrollmentId));
  return run;
}

export async function awaits(study: DirectStudy, { enrollmentId }: Started, what: string): Promise<void> {
  await until(study, enrollmentId, ({ awaiting }) => awaiting?.what === what);
}

/** The new version comes into force right before this step. */
export async function heldBy(scene: Scene, activity: string): Promise<Started> {
  const { study, plan } = scene;
  const run = await signed(scene, (_plan, { patientId }) =>
    plan.arm({ patientId, activity }, async ({ proceed }) => {
      plan.heal({ patientId, activity });
      await study.amend('2.0');
      return proceed();
    }),
  );
  await awaits(study, run, 'consent');
  return run;
}

export function without(queue: string) {
  return QUEUES.filter((name) => name !== queue);
}

export async function until(study: DirectStudy, enrollmentId: string, wanted: Parameters<DirectStudy['until']>[1]): Promise<void> {
  await study.until(enrollmentId, wanted, 60_000);
}

export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 600; look += 1) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error('did not come about within a minute');
}

/** The body of an answer that must be a good one. */
export async function accepted<T>(answer: Promise<{ status: number; body: T }>): Promise<T> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`the scenario was answered ${status} ${JSON.stringify(body)}`);
  return body;
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the scenario did not come out as wanted');
  return value;
}

/** The slot is free again once its time to live has ended and its release has been carried out. */
export async function slotIsFree({ at, study }: Pick<Scene, 'at' | 'study'>): Promise<void> {
  const { studyId, siteId } = study;
  const ctx = { actor: { kind: 'service' as const, service: 'recording' }, requestId: 'recording' };
  await eventually(async () => (await at.system.channels.clientsOf('api').site.getActivation({ ctx, input: { studyId, siteId } }))?.reserved === 0);
}
