import { WITHDRAWAL_WORKFLOW_TYPE, withdrawalWorkflowIdOf } from '../../workflows/withdraw-participant/messages.ts';
import { QUEUES } from '../../runtime/workers.ts';
import { fails } from '../faults/fault-plan.ts';
import { INCIDENT_WORKFLOW_TYPE } from '../../workflows/report-incident/messages.ts';
import { caller, directStudy, resultsOf, signedConsent } from '../support/scenario.ts';
import { RANDOMISED_SCENARIOS } from './randomised-scenarios.ts';
import { accepted, awaits, ended, enrollment, eventually, found, heldBy, post, type Scenario, type Scene, screened, signed, slotIsFree, type Started, started, until, withResults, without } from './scene.ts';

const NOT_APPROVED = { version: '0.9' };

/** Every way through the process that its code distinguishes; an added way gets an added scenario. */
export const SCENARIOS: readonly Scenario[] = [
  enrollment('active', 'active', async ({ study }) => ended(study, await started(study))),
  enrollment('active-without-epro', 'active', async ({ study }) => ended(study, await started(study)), { epro: undefined }),
  enrollment('cap-reached', 'cap_reached', capReached),
  enrollment('declined', 'declined', async (scene) => withdrawnWhile(scene, 'site')),
  enrollment('withdrawn', 'withdrawn', async (scene) => withdrawnWhile(scene, 'edc')),
  enrollment('withdrawn-past-the-pivot', 'withdrawn', async (scene) => withdrawnWhile(scene, 'notification')),
  enrollment('voided-by-abort', 'voided', async (scene) => resolved(scene, { activity: 'openCasebook', action: 'abort' })),
  enrollment('parked-then-retried', 'active', async (scene) => resolved(scene, { activity: 'openCasebook', action: 'retry' })),
  enrollment('parked-then-skipped', 'active', async (scene) => resolved(scene, { activity: 'startEpro', action: 'skip' })),
  enrollment('pivot-parked-then-retried', 'active', async (scene) => resolved(scene, { activity: 'confirmSlot', action: 'retry' })),
  enrollment('notice-parked-then-skipped', 'active', async (scene) => resolved(scene, { activity: 'sendNotice', action: 'skip' })),
  enrollment('slot-lapsed-and-reserved-anew', 'active', slotLapsed, { slotTimeToLive: 'PT1S' }),
  enrollment('withdrawn-while-the-slot-lapses', 'withdrawn', withdrawnWhileLapsing, { slotTimeToLive: 'PT1S' }),
  enrollment('re-consented', 'active', reConsented),
  enrollment('expired', 'expired', async ({ study }) => ended(study, await started(study, NOT_APPROVED)), { reconsentDeadline: 'PT1S' }),
  screened('screened-and-signed', 'active', async (scene) => ended(scene.study, await signed(scene))),
  screened('screened-in-parts-and-corrected', 'active', corrected),
  screened('screened-without-signature', 'active', async ({ study }) => ended(study, await withResults(study)), { eligibilitySignature: undefined }),
  screened('screen-failed', 'screen_failed', async ({ study }) => ended(study, await withResults(study, { AGE: 44, EGFR: 12 }))),
  screened('not-eligible', 'screen_failed', notEligible),
  screened('declined-while-screening', 'declined', declinedWhileScreening),
  screened('screening-window-ended', 'expired', windowEnded),
  screened('signature-expired', 'expired', async ({ study }) => ended(study, await withResults(study)), { eligibilitySignature: { reminder: 'PT1S', expiry: 'PT2S' } }),
  screened('signature-invalidated', 'active', invalidated),
  screened('notice-parked-while-waiting', 'active', noticeParkedWhileWaiting),
  screened('reminded-then-signed', 'active', remindedThenSigned, { eligibilitySignature: { reminder: 'PT1S', expiry: 'PT10M' } }),
  screened('amended-before-the-signature', 'active', amendedBeforeTheSignature),
  screened('amended-before-enrolling', 'active', async (scene) => amendedAt(scene, 'enrollParticipant')),
  screened('amended-before-the-pivot', 'active', async (scene) => amendedAt(scene, 'confirmSlot')),
  screened('amended-and-not-signed-in-time', 'expired', amendedAndLate, { reconsentDeadline: 'PT1S' }),
  screened('withdrawn-while-a-deviation-is-parked', 'declined', withdrawnBesideDeviation),
  ...RANDOMISED_SCENARIOS,
  {
    name: 'withdrawn-after-the-end',
    workflowType: WITHDRAWAL_WORKFLOW_TYPE,
    outcome: null,
    produce: async (at) => {
      const study = await directStudy(at);
      const { enrollmentId } = await ended(study, await started(study));
      await until(study, enrollmentId, ({ outcome }) => outcome === 'active');
      await accepted(study.withdraw(enrollmentId));
      await until(study, enrollmentId, ({ outcome }) => outcome === 'withdrawn');
      return withdrawalWorkflowIdOf(enrollmentId);
    },
  },
  {
    name: 'incident-reported',
    workflowType: INCIDENT_WORKFLOW_TYPE,
    outcome: null,
    produce: async (at) => {
      const study = await directStudy(at);
      const patientId = await study.register();
      const stranger = await caller(at, 'clinician', { sites: ['ELSEWHERE'], id: 'stranger-1' });
      await accepted(stranger.post('/patients/break-glass', { patientId, reason: 'unconscious, allergies unknown' }));
      // Begun by the sweep: its id is nobody's answer.
      const ids: string[] = [];
      await eventually(async () => {
        for await (const { workflowId } of at.system.client.workflow.list({ query: `WorkflowType = "${INCIDENT_WORKFLOW_TYPE}"` })) ids.push(workflowId);
        return ids.length > 0;
      });
      return found(ids[0]);
    },
  },
];


/** Two are let in for one slot while nobody reserves; then one of them finds the cap reached. */
async function capReached({ at, study }: Scene): Promise<Started> {
  await study.activate(1);
  await at.restart({ queues: without('site') });
  const patients = [await study.register(), await study.register()];
  const runs = await Promise.all(patients.map((patientId) => post(study, patientId)));
  await at.restart({ queues: QUEUES });
  for (const run of runs) await ended(study, run);
  const outcomes = await Promise.all(runs.map(({ enrollmentId }) => study.get(enrollmentId)));
  return found(runs.find((_, index) => outcomes[index]?.body.outcome === 'cap_reached'));
}

/** A withdrawal while a step waits for the worker of this queue. */
async function withdrawnWhile({ at, study }: Scene, queue: 'site' | 'edc' | 'notification'): Promise<Started> {
  await at.restart({ queues: without(queue) });
  const run = await started(study);
  const stage = { site: 'slot', edc: 'casebook', notification: 'activation' }[queue];
  await until(study, run.enrollmentId, (body) => body.stage === stage);
  await accepted(study.withdraw(run.enrollmentId, 'all_data_collection'));
  await at.restart({ queues: QUEUES });
  return ended(study, run);
}

/** A step that fails until it parks, and an operator's word on it. */
async function resolved({ study, plan }: Scene, how: { activity: string; action: 'retry' | 'skip' | 'abort' }): Promise<Started> {
  const { activity, action } = how;
  const patientId = await study.register();
  plan.arm({ patientId, activity }, fails);
  const run = await post(study, patientId);
  await until(study, run.enrollmentId, (body) => body.needsAttention);
  if (action !== 'skip') plan.heal({ patientId, activity });
  await accepted(study.resolve(run.enrollmentId, action));
  return ended(study, run);
}

async function slotLapsed({ at, study }: Scene): Promise<Started> {
  await at.restart({ queues: without('edc') });
  const run = await started(study);
  await until(study, run.enrollmentId, (body) => body.stage === 'casebook');
  await slotIsFree({ at, study });
  await at.restart({ queues: QUEUES });
  return ended(study, run);
}

/** A withdrawal has to wait for the release of the lapsed slot, which cannot be carried out at first. */
async function withdrawnWhileLapsing({ at, study, plan }: Scene): Promise<Started> {
  await at.restart({ queues: without('edc') });
  const patientId = await study.register();
  plan.arm({ patientId, activity: 'releaseSlot' }, fails);
  const run = await post(study, patientId);
  await until(study, run.enrollmentId, (body) => body.needsAttention);
  await accepted(study.withdraw(run.enrollmentId));
  await at.restart({ queues: QUEUES });
  plan.heal({ patientId, activity: 'releaseSlot' });
  await accepted(study.resolve(run.enrollmentId, 'retry'));
  return ended(study, run);
}

async function reConsented({ study }: Scene): Promise<Started> {
  const run = await started(study, NOT_APPROVED);
  await until(study, run.enrollmentId, (body) => body.awaiting?.what === 'consent');
  await accepted(study.clinician.post(`/enrollments/${run.enrollmentId}/consents`, { consent: signedConsent() }));
  return ended(study, run);
}

async function corrected({ study }: Scene): Promise<Started> {
  const run = await started(study);
  await awaits(study, run, 'screening_results');
  await accepted(study.screen(run.enrollmentId, { AGE: 44 }));
  await accepted(study.screen(run.enrollmentId, { EGFR: 88 }));
  await awaits(study, run, 'eligibility');
  await accepted(study.clinician.post(`/enrollments/${run.enrollmentId}/screening-results`, { results: resultsOf({ AGE: 45 }, { reason: 'typed wrong' }) }));
  await accepted(study.decide(run.enrollmentId));
  return ended(study, run);
}

async function notEligible({ study }: Scene): Promise<Started> {
  const run = await started(study);
  await awaits(study, run, 'screening_results');
  await accepted(study.decide(run.enrollmentId, 'not_eligible'));
  return ended(study, run);
}

async function declinedWhileScreening({ study }: Scene): Promise<Started> {
  const run = await started(study);
  await awaits(study, run, 'screening_results');
  await accepted(study.withdraw(run.enrollmentId));
  return ended(study, run);
}

/** Signed so long ago that the window ends within seconds. */
async function windowEnded({ study }: Scene): Promise<Started> {
  const signers = signedConsent(new Date(Date.now() - 28 * 86_400_000 + 3000))['signers'];
  return ended(study, await started(study, { signers }));
}

async function invalidated(scene: Scene): Promise<Started> {
  const { study, plan } = scene;
  const run = await signed(scene, (_plan, { patientId }) => plan.arm({ patientId, activity: 'openCasebook' }, fails));
  await until(study, run.enrollmentId, (body) => body.needsAttention);
  plan.heal({ patientId: run.patientId, activity: 'openCasebook' });
  await accepted(study.invalidate(run.enrollmentId));
  await awaits(study, run, 'eligibility');
  await accepted(study.decide(run.enrollmentId));
  return ended(study, run);
}

/** A mail fails until it parks while results are awaited; the wait goes on, and so does the run once it went out. */
async function noticeParkedWhileWaiting({ study, plan }: Scene): Promise<Started> {
  const patientId = await study.register();
  plan.arm({ patientId, activity: 'sendNotice' }, fails);
  const run = await post(study, patientId);
  await until(study, run.enrollmentId, (body) => body.needsAttention && body.awaiting?.what === 'screening_results');
  plan.heal({ patientId, activity: 'sendNotice' });
  await accepted(study.resolve(run.enrollmentId, 'retry'));
  await until(study, run.enrollmentId, (body) => !body.needsAttention);
  await accepted(study.screen(run.enrollmentId));
  await accepted(study.decide(run.enrollmentId));
  return ended(study, run);
}

async function remindedThenSigned({ at, study }: Scene): Promise<Started> {
  const run = await withResults(study);
  await awaits(study, run, 'eligibility');
  const ctx = { actor: { kind: 'service' as const, service: 'recording' }, requestId: 'recording' };
  const reminded = async () => {
    const { items } = await at.system.channels.clientsOf('api').notification.listMessages({ ctx, input: { enrollmentId: run.enrollmentId } });
    return items.some(({ kind, status }) => kind === 'signature_reminder' && status === 'sent');
  };
  await eventually(reminded);
  await accepted(study.decide(run.enrollmentId));
  return ended(study, run);
}

/** The new version is declined at first, then signed. */
async function amendedBeforeTheSignature({ study }: Scene): Promise<Started> {
  const run = await withResults(study);
  await awaits(study, run, 'eligibility');
  await study.amend('2.0');
  await study.decide(run.enrollmentId);
  await awaits(study, run, 'consent');
  await accepted(study.clinician.post(`/enrollments/${run.enrollmentId}/consents`, { declined: { reason: null } }));
  await awaits(study, run, 'decision');
  await accepted(study.reConsent(run.enrollmentId, { version: '2.0' }));
  await awaits(study, run, 'eligibility');
  await accepted(study.decide(run.enrollmentId));
  return ended(study, run);
}

async function amendedAt(scene: Scene, activity: string): Promise<Started> {
  const run = await heldBy(scene, activity);
  await accepted(scene.study.reConsent(run.enrollmentId, { version: '2.0' }));
  return ended(scene.study, run);
}

/** Steps are undone at once; the outcome waits for the deviation of a renewed consent that was not valid. */
async function withdrawnBesideDeviation(scene: Scene): Promise<Started> {
  const { study, plan } = scene;
  const run = await heldBy(scene, 'enrollParticipant');
  const { patientId, enrollmentId } = run;
  plan.arm({ patientId, activity: 'logDeviation' }, fails);
  await accepted(study.reConsent(enrollmentId, NOT_APPROVED));
  await until(study, enrollmentId, ({ stuckStep }) => stuckStep === 'deviation');
  await accepted(study.withdraw(enrollmentId));
  await eventually(async () => (await study.clinician.get(`/enrollments/${enrollmentId}/screening-results`)).body['status'] === 'closed');
  plan.heal({ patientId, activity: 'logDeviation' });
  await accepted(study.resolve(enrollmentId, 'retry'));
  return ended(study, run);
}

async function amendedAndLate(scene: Scene): Promise<Started> {
  return ended(scene.study, await heldBy(scene, 'confirmSlot'));
}

