import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import { withdrawalWorkflowIdOf } from '../../workflows/withdraw-participant/messages.ts';
import { fails, type FaultPlan } from '../faults/fault-plan.ts';
import { accepted, awaits, post, signed, type Started, started, until, withResults } from '../replay/scene.ts';
import { directStudy, type DirectStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';

/** An open enrollment, and what brings it to its end. */
export type Waiting = { stage: string; workflowId: string; goOn(): Promise<void> };

export type Waits = { at: TestSystem; plan: FaultPlan; direct: DirectStudy; randomised: DirectStudy };

export async function waitsOn(at: TestSystem, plan: FaultPlan): Promise<Waits> {
  return { at, plan, direct: await directStudy(at), randomised: await directStudy(at, { protocol: RANDOMISED_PROTOCOL }) };
}

/** One enrollment in each stage: those that wait for people, and the others parked. */
export async function waitingInEveryStage(waits: Waits): Promise<Waiting[]> {
  const { randomised: study, at, plan } = waits;
  const scene = { at, study, plan };
  const randomise = async (run: Started) => {
    await awaits(study, run, 'randomisation');
    await accepted(study.randomise(run.enrollmentId));
  };
  const decide = async (run: Started) => {
    await awaits(study, run, 'eligibility');
    await accepted(study.decide(run.enrollmentId));
    await randomise(run);
  };
  const forPeople = [
    async () => waitingForConsent(waits),
    async () => waiting('screening', study, started(study), { awaiting: 'screening_results', goOn: async (run) => {
      await accepted(study.screen(run.enrollmentId));
      await decide(run);
    } }),
    async () => waiting('eligibility', study, withResults(study), { awaiting: 'eligibility', goOn: decide }),
    async () => waiting('randomisation', study, signed(scene), { awaiting: 'randomisation', goOn: randomise }),
  ];
  const forOperators = [
    async () => parked(waits, { stage: 'slot', activity: 'reserveSlot' }),
    async () => parked(waits, { stage: 'enrollment', activity: 'enrollParticipant' }),
    async () => parked(waits, { stage: 'casebook', activity: 'openCasebook' }),
    async () => parked(waits, { stage: 'activation', activity: 'recordOutcome', inRounds: true }),
  ];
  // Two at a time: an answer is waited for no longer than in production, on however busy a machine.
  return (await Promise.all([oneByOne(forPeople), oneByOne(forOperators)])).flat();
}

async function oneByOne<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (const work of works) results.push(await work());
  return results;
}

export async function waitingForConsent({ direct }: Waits): Promise<Waiting> {
  return waiting('consent', direct, started(direct, { version: '0.9' }), { awaiting: 'consent', goOn: async (run) => void (await accepted(direct.reConsent(run.enrollmentId))) });
}

/** A withdrawal after the end, in a workflow of its own that is parked. */
export async function parkedWithdrawal({ direct, plan }: Waits): Promise<Waiting> {
  const run = await started(direct);
  const { enrollmentId } = run;
  await until(direct, enrollmentId, ({ outcome }) => outcome === 'active');
  const target = { patientId: enrollmentId, activity: 'stopDataCollection' };
  plan.arm(target, fails);
  await accepted(direct.withdraw(enrollmentId));
  return {
    stage: 'withdrawal',
    workflowId: withdrawalWorkflowIdOf(enrollmentId),
    // Nobody need say anything: it goes on in rounds.
    goOn: async () => plan.heal(target),
  };
}

type Way = { awaiting: string; goOn(run: Started): Promise<void> };

async function waiting(stage: string, study: DirectStudy, begun: Promise<Started>, { awaiting, goOn }: Way): Promise<Waiting> {
  const run = await begun;
  await awaits(study, run, awaiting);
  return { stage, workflowId: workflowIdOf({ studyCode: study.studyCode, patientId: run.patientId }), goOn: async () => goOn(run) };
}

/** `inRounds`: past the pivot it goes on by itself. */
type Parked = { stage: string; activity: string; inRounds?: boolean };

async function parked({ direct, plan }: Waits, { stage, activity, inRounds = false }: Parked): Promise<Waiting> {
  const patientId = await direct.register();
  plan.arm({ patientId, activity }, fails);
  const { enrollmentId } = await post(direct, patientId);
  await until(direct, enrollmentId, (body) => body.needsAttention && body.stage === stage);
  return {
    stage,
    workflowId: workflowIdOf({ studyCode: direct.studyCode, patientId }),
    goOn: async () => {
      plan.heal({ patientId, activity });
      if (!inRounds) await accepted(direct.resolve(enrollmentId, 'retry'));
    },
  };
}
