import { fails, losesEveryAnswer } from '../faults/fault-plan.ts';
import type { Outcome } from '../../workflows/consent-to-enrollment/types.ts';
import { directStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { REPORT_WORKFLOW_TYPE, reportWorkflowIdOf } from '../../workflows/report-code-break/messages.ts';
import { accepted, awaits, ended, enrollment, eventually, type Scenario, type Scene, signed, slotIsFree, type Started, until } from './scene.ts';

const { randomisation: PLAN } = RANDOMISED_PROTOCOL;
const BY_ITSELF = { arms: [{ code: 'A', ratio: 2 }, { code: 'B', ratio: 1 }], strata: [], blockSizes: [3], bySite: true, autoRandomise: true };

/** The ways through the eighth step of protocols with arms. */
export const RANDOMISED_SCENARIOS: readonly Scenario[] = [
  randomised('randomised', 'active', async (scene) => ended(scene.study, await asked(scene))),
  randomised('randomised-by-itself', 'active', async (scene) => ended(scene.study, await signed(scene)), { randomisation: BY_ITSELF }),
  randomised('randomisation-refused-then-right', 'active', refusedThenRight),
  randomised('randomisation-parked-then-retried', 'active', async (scene) => parked(scene, 'randomiseParticipant')),
  randomised('randomisation-settled', 'active', async (scene) => ended(scene.study, await asked(scene, { loses: 'randomiseParticipant' }))),
  randomised('slot-confirmed-ahead-and-parked', 'active', async (scene) => parked(scene, 'confirmSlot')),
  randomised('amended-before-the-randomisation', 'active', amended),
  randomised('invalidated-before-the-randomisation', 'active', invalidated),
  randomised('withdrawn-before-the-randomisation', 'withdrawn', withdrawnBefore),
  randomised('withdrawn-past-the-randomisation', 'withdrawn', withdrawnPast, { randomisation: { ...PLAN, freesCapOnWithdrawal: true } }),
  randomised('slot-lapsed-before-the-randomisation', 'active', lapsed, { slotTimeToLive: 'PT1S' }),
  {
    name: 'code-broken',
    workflowType: REPORT_WORKFLOW_TYPE,
    outcome: null,
    produce: async (at, plan) => {
      const study = await directStudy(at, { protocol: RANDOMISED_PROTOCOL });
      await accepted(study.admin.post(`/studies/${study.studyId}/contacts`, { userId: 'medical-1', name: 'Medical Monitor', email: 'medical@sponsor.example', role: 'medical-monitor' }));
      const { enrollmentId } = await ended(study, await asked({ at, study, plan }));
      const { status, body } = await study.doctor.post<{ codeBreakId: string }>(`/enrollments/${enrollmentId}/code-break`, { reason: 'overdose' });
      if (status !== 201) throw new Error(`the code-break was answered ${status}`);
      const workflowId = reportWorkflowIdOf(body.codeBreakId);
      // Begun after the answer, which does not wait for it.
      await eventually(() => at.system.client.workflow.getHandle(workflowId).describe().then(() => true, () => false));
      return workflowId;
    },
  },
];

function randomised(name: string, outcome: Outcome, run: (scene: Scene) => Promise<Started>, protocol: Record<string, unknown> = {}): Scenario {
  return enrollment(name, outcome, run, { ...RANDOMISED_PROTOCOL, ...protocol });
}

async function ready(scene: Scene): Promise<Started> {
  const run = await signed(scene);
  await awaits(scene.study, run, 'randomisation');
  return run;
}

async function asked(scene: Scene, { loses }: { loses?: string } = {}): Promise<Started> {
  const run = await ready(scene);
  if (loses) scene.plan.arm({ patientId: run.patientId, activity: loses }, losesEveryAnswer);
  await asks(scene, run);
  return run;
}

/** Asks, and does not wait for the answer: it may hang with the step. */
async function asks({ study }: Scene, { enrollmentId }: Started): Promise<void> {
  const { status } = await study.randomise(enrollmentId);
  if (status !== 201 && status !== 503) throw new Error(`the randomisation was answered ${status}`);
}

async function refusedThenRight(scene: Scene): Promise<Started> {
  const run = await ready(scene);
  const { status } = await scene.study.randomise(run.enrollmentId, { strata: { sex: 'unknown' } });
  if (status !== 422) throw new Error(`wrong strata were answered ${status}`);
  await accepted(scene.study.randomise(run.enrollmentId));
  return ended(scene.study, run);
}

async function parked(scene: Scene, activity: string): Promise<Started> {
  const { study, plan } = scene;
  const run = await ready(scene);
  const { patientId, enrollmentId } = run;
  plan.arm({ patientId, activity }, fails);
  await asks(scene, run);
  await until(study, enrollmentId, (body) => body.needsAttention);
  plan.heal({ patientId, activity });
  await accepted(study.resolve(enrollmentId, 'retry'));
  return ended(study, run);
}

async function amended(scene: Scene): Promise<Started> {
  const { study } = scene;
  const run = await ready(scene);
  await study.amend('2.0');
  await study.randomise(run.enrollmentId);
  await awaits(study, run, 'consent');
  await accepted(study.reConsent(run.enrollmentId, { version: '2.0' }));
  await awaits(study, run, 'randomisation');
  await accepted(study.randomise(run.enrollmentId));
  return ended(study, run);
}

async function invalidated(scene: Scene): Promise<Started> {
  const { study } = scene;
  const run = await ready(scene);
  await accepted(study.invalidate(run.enrollmentId));
  await awaits(study, run, 'eligibility');
  await accepted(study.decide(run.enrollmentId));
  await awaits(study, run, 'randomisation');
  await accepted(study.randomise(run.enrollmentId));
  return ended(study, run);
}

async function withdrawnBefore(scene: Scene): Promise<Started> {
  const run = await ready(scene);
  await accepted(scene.study.withdraw(run.enrollmentId));
  return ended(scene.study, run);
}

async function withdrawnPast(scene: Scene): Promise<Started> {
  const { study, plan } = scene;
  const run = await ready(scene);
  const { patientId, enrollmentId } = run;
  plan.arm({ patientId, activity: 'sendNotice' }, fails);
  await accepted(study.randomise(enrollmentId));
  await until(study, enrollmentId, ({ stage, needsAttention }) => stage === 'activation' && needsAttention);
  plan.heal({ patientId, activity: 'sendNotice' });
  await accepted(study.withdraw(enrollmentId, 'all_data_collection'));
  return ended(study, run);
}

async function lapsed(scene: Scene): Promise<Started> {
  const run = await ready(scene);
  // Its time to live ends: it is given back, and another one reserved with the request.
  await slotIsFree(scene);
  await accepted(scene.study.randomise(run.enrollmentId));
  return ended(scene.study, run);
}
