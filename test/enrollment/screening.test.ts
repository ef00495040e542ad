import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caller, directStudy, type DirectStudy, ELIGIBLE, type EnrollmentBody, resultsOf, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { expectInvariants } from '../support/invariants.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { currentDetailsOf, evidenceOf, summariesOf } from './evidence.ts';
import { eventually, Faults } from './faults.ts';
import { expectNothingPersonal } from './privacy.ts';

describe('screening and eligibility', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors });
    study = await screened();
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const screened = (protocol: Record<string, unknown> = {}, cap = 100) => directStudy(at, { protocol: { ...SCREENED_PROTOCOL, ...protocol }, cap });
  const begun = async (within = study) => {
    const patientId = await within.register();
    const answer = await within.enrol(patientId);
    expect(answer.status).toBe(201);
    const { enrollmentId } = answer.body;
    return { patientId, enrollmentId, workflowId: `enrollment/${within.studyCode}/${patientId}`, evidence: evidenceOf(at, enrollmentId) };
  };
  const awaits = (what: string) => (now: EnrollmentBody) => now.awaiting?.what === what;
  const ended = (within: DirectStudy, enrollmentId: string) => within.until(enrollmentId, (now) => now.outcome !== undefined);
  const eligibility = async (within: DirectStudy, enrollmentId: string) =>
    (await within.clinician.get<{ evaluation: { sha256: string; verdict: string; criteria: { code: string; result: string; value: unknown }[] } | null; decisions: Record<string, unknown>[] }>(
      `/enrollments/${enrollmentId}/eligibility-decision`,
    )).body;

  it.concurrent('goes from consent over results in parts and a signature to active, and says at each moment what is awaited', async () => {
    const { enrollmentId, workflowId, evidence } = await begun();
    const waiting = await study.until(enrollmentId, awaits('screening_results'));
    expect(waiting).toMatchObject({ stage: 'screening', status: 'screening', awaiting: { who: 'the site' } });
    expect(Math.round((Date.parse(waiting.awaiting?.until ?? '') - Date.now()) / 86_400_000)).toBe(28);
    expect(await currentDetailsOf(at, workflowId)).toContain('**Awaiting:** screening_results from the site, until ');

    expect(await study.screen(enrollmentId, { EGFR: 88 })).toMatchObject({ status: 201, body: { recorded: 1, missing: ['AGE'], verdict: 'incomplete', failed: [] } });
    expect(await study.screen(enrollmentId, { AGE: 44 })).toMatchObject({ status: 201, body: { recorded: 1, missing: [], verdict: 'met', failed: [] } });
    expect(await study.until(enrollmentId, awaits('eligibility'))).toMatchObject({ stage: 'eligibility', awaiting: { who: 'an investigator' } });
    await eventually('the worklist shows it', async () => {
      const { body } = await study.clinician.get<{ items: EnrollmentBody[] }>(`/enrollments?awaiting=eligibility&siteId=${study.siteId}`);
      return body.items.some((one) => one.enrollmentId === enrollmentId);
    });
    const { awaiting } = await study.until(enrollmentId, awaits('eligibility'));
    await eventually('Temporal lists it by what is awaited and until when', async () => {
      const expiring = `Awaiting = "eligibility" AND AwaitedUntil = "${awaiting?.until}" AND EnrollmentId = "${enrollmentId}"`;
      return (await at.system.client.workflow.count(expiring)).count === 1;
    });
    const { evaluation } = await eligibility(study, enrollmentId);
    expect(evaluation?.criteria).toMatchObject([{ code: 'I01', result: 'met', value: 44 }, { code: 'E03', result: 'met', value: 88 }]);

    const signed = await study.decide(enrollmentId, 'eligible', { sha256: evaluation?.sha256 ?? '' });
    expect(signed).toMatchObject({ status: 201, body: { decision: 'eligible', sha256: evaluation?.sha256 } });
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'active', status: 'on-study' });
    await eventually('Temporal lists it as awaiting nobody', async () =>
      (await at.system.client.workflow.count(`EnrollmentId = "${enrollmentId}" AND Awaiting IS NULL AND AwaitedUntil IS NULL`)).count === 1,
    );
    const after = await eligibility(study, enrollmentId);
    expect(after.decisions).toMatchObject([{ decision: 'eligible', signer: { userId: 'doctor-1' }, meaning: 'I have reviewed the criteria', invalidated: null }]);
    expect(await evidence.milestones()).toEqual(expect.arrayContaining(['ELIGIBILITY EVALUATED', 'ELIGIBILITY CRITERIA MET', 'ENTERED INTO TRIAL']));
    expect(await evidence.mails()).toContain('signature_requested to doctor-1');
    expect((await summariesOf(at, workflowId)).filter((summary) => summary === 'Evaluate the criteria')).toHaveLength(2);
  });

  it.concurrent('takes results that are sent right after the consent, before the forms are open', async () => {
    const { enrollmentId } = await begun();
    expect((await study.screen(enrollmentId)).body).toMatchObject({ verdict: 'met' });
    await study.until(enrollmentId, awaits('eligibility'));
  });

  it.concurrent('a criterion that fails ends it as screen_failed, with the criterion on the record and the coordinator told', async () => {
    const { enrollmentId, evidence } = await begun();
    expect((await study.screen(enrollmentId, { AGE: 44, EGFR: 12 })).body).toMatchObject({ verdict: 'failed', failed: ['E03'] });
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'screen_failed', outcomeReason: 'criteria_not_met', status: 'ineligible' });
    await eventually('the coordinator is told', async () => (await evidence.mails()).includes('not_enrolled to coordinator-1'));
    const { body } = await study.clinician.get<{ items: { event: string; details: Record<string, unknown> }[] }>(`/enrollments/${enrollmentId}/timeline`);
    expect(body.items.find((one) => one.event === 'OUTCOME RECORDED')?.details).toMatchObject({ failed: ['E03'] });
    expect(await evidence.slots()).toEqual([]);
  });

  it.concurrent('a correction needs a reason, keeps the old value, and changes what may be signed', async () => {
    const { enrollmentId } = await begun();
    await study.screen(enrollmentId);
    await study.until(enrollmentId, awaits('eligibility'));
    const before = (await eligibility(study, enrollmentId)).evaluation?.sha256 ?? '';
    expect(await study.screen(enrollmentId, { AGE: 45 })).toMatchObject({ status: 409, body: { code: 'reason_required' } });
    const corrected = await study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results: resultsOf({ AGE: 45 }, { reason: 'typed wrong' }) });
    expect(corrected).toMatchObject({ status: 201, body: { verdict: 'met' } });
    expect(await study.decide(enrollmentId, 'eligible', { sha256: before })).toMatchObject({ status: 409, body: { code: 'evaluation_changed' } });
    const { body } = await study.clinician.get<{ results: { item: string; value: number; current: boolean; reason: string | null }[] }>(`/enrollments/${enrollmentId}/screening-results`);
    expect(body.results.filter((one) => one.item === 'AGE')).toMatchObject([{ value: 45, current: true, reason: 'typed wrong' }, { value: 44, current: false }]);
    expect((await study.decide(enrollmentId)).status).toBe(201);
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'active' });
  });

  it.concurrent('refuses what was done before the consent, is in another unit, or is not asked for; nothing of it is kept', async () => {
    const { enrollmentId } = await begun();
    const post = (results: Record<string, unknown>[]) => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results });
    const long = new Date(Date.now() - 30 * 86_400_000).toISOString();
    const now = new Date(Date.now() - 1000).toISOString();
    expect(await post([{ item: 'AGE', value: 44, performedAt: long }])).toMatchObject({ status: 422, body: { code: 'before_consent' } });
    expect(await post([{ item: 'AGE', value: 44, performedAt: now }, { item: 'EGFR', value: 88, unit: 'mL/s', performedAt: now }])).toMatchObject({ status: 422, body: { code: 'unit_mismatch' } });
    expect(await post([{ item: 'HEIGHT', value: 180, performedAt: now }])).toMatchObject({ status: 422, body: { code: 'unknown_item' } });
    expect((await study.clinician.get<{ results: unknown[] }>(`/enrollments/${enrollmentId}/screening-results`)).body.results).toEqual([]);
    expect(await post([{ item: 'AGE', value: 44, performedAt: long, standardOfCare: true }])).toMatchObject({ status: 201 });
  });

  it.concurrent('only the principal investigator or a delegated physician signs; of two signers at once one is refused', async () => {
    const { enrollmentId } = await begun();
    await study.screen(enrollmentId);
    const other = await caller(at, 'investigator', { sites: [study.siteCode], id: 'nobody-9' });
    expect(await study.decide(enrollmentId, 'eligible', { by: other })).toMatchObject({ status: 403, body: { code: 'signer_not_entitled' } });
    const both = await Promise.all([study.decide(enrollmentId), study.decide(enrollmentId)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect((await eligibility(study, enrollmentId)).decisions).toHaveLength(1);
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'active' });
  });

  it.concurrent('the investigator may end it as not eligible before all results are there', async () => {
    const { enrollmentId } = await begun();
    await study.screen(enrollmentId, { AGE: 44 });
    expect((await study.decide(enrollmentId, 'not_eligible')).status).toBe(201);
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'screen_failed', outcomeReason: 'not_eligible' });
  });

  it.concurrent('without a signature in the protocol the criteria decide', async () => {
    const unsigned = await screened({ eligibilitySignature: undefined });
    const { enrollmentId } = await begun(unsigned);
    expect((await unsigned.screen(enrollmentId)).body).toMatchObject({ verdict: 'met' });
    expect(await ended(unsigned, enrollmentId)).toMatchObject({ outcome: 'active' });
  });

  it.concurrent('a signature that is invalidated while the casebook is stuck undoes what followed, and another one leads on', async () => {
    const { enrollmentId, patientId, evidence } = await begun();
    const mend = faults.fail('openCasebook', patientId);
    await study.screen(enrollmentId);
    await study.decide(enrollmentId);
    await study.until(enrollmentId, (now) => now.stuckStep === 'casebook');
    mend();
    expect(await study.invalidate(enrollmentId)).toMatchObject({ status: 201 });
    expect(await study.until(enrollmentId, awaits('eligibility'))).toMatchObject({ stage: 'eligibility', needsAttention: false });
    expect(await evidence.slots()).toEqual(['released']);
    expect((await study.decide(enrollmentId)).status).toBe(201);
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'active' });
    expect(await evidence.slots()).toEqual(['released', 'confirmed']);
    expect(await evidence.casebook()).toEqual(['open']);
    const { decisions } = await eligibility(study, enrollmentId);
    expect(decisions).toMatchObject([{ round: 2, invalidated: null }, { round: 1, invalidated: { reason: 'a sample was mixed up' } }]);
    expect(await study.invalidate(enrollmentId)).toMatchObject({ status: 409 });
  });

  it.concurrent('a decline while results are awaited ends it as declined, and a queued request is answered', async () => {
    const { enrollmentId, evidence } = await begun();
    await study.until(enrollmentId, awaits('screening_results'));
    expect((await study.withdraw(enrollmentId)).status).toBe(200);
    expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'declined' });
    expect((await study.screen(enrollmentId)).status).toBe(409);
    await eventually('the screening forms are closed', async () => {
      const { body } = await study.clinician.get<{ status: string }>(`/enrollments/${enrollmentId}/screening-results`);
      return body.status === 'closed';
    });
    expect(await evidence.slots()).toEqual([]);
  });

  it.concurrent('the same results under the same key are recorded once', async () => {
    const { enrollmentId } = await begun();
    const key = randomUUID();
    const body = { results: resultsOf(ELIGIBLE) };
    const path = `/enrollments/${enrollmentId}/screening-results`;
    const answers = await Promise.all([1, 2, 3].map(() => study.clinician.post(path, body, key)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await study.clinician.get<{ results: unknown[] }>(path)).body.results).toHaveLength(2);
    expect(await study.clinician.post(path, { results: resultsOf({ AGE: 50 }) }, key)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
  });

  describe('deadlines', () => {
    const DAY_MS = 86_400_000;
    const signedAgo = async (within: DirectStudy, ms: number) => {
      const patientId = await within.register();
      const signedAt = new Date(Date.now() - ms).toISOString();
      const signers = [
        { role: 'participant', name: 'Test Person', signedAt, mark: 'signature' },
        { role: 'discusser', userId: 'doctor-1', name: 'Doctor One', signedAt, mark: 'signature' },
      ];
      const { body } = await within.clinician.post<EnrollmentBody>('/enrollments', within.body(patientId, { signers }));
      return { patientId, enrollmentId: body.enrollmentId, evidence: evidenceOf(at, body.enrollmentId) };
    };

    it.concurrent('the screening window counts from the first signature: expired, and everybody told', async () => {
      const { enrollmentId, evidence } = await signedAgo(study, 28 * DAY_MS - 2500);
      await study.until(enrollmentId, awaits('screening_results'));
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'expired', outcomeReason: 'screening_window', status: 'not-registered' });
      await eventually('the coordinator is told', async () => (await evidence.mails()).includes('not_enrolled to coordinator-1'));
    });

    it.concurrent('the window runs while a step is parked: what was done is undone', async () => {
      const { enrollmentId, patientId, evidence } = await signedAgo(study, 28 * DAY_MS - 4000);
      const mend = faults.fail('openCasebook', patientId);
      await study.screen(enrollmentId);
      await study.decide(enrollmentId);
      await study.until(enrollmentId, (now) => now.stuckStep === 'casebook');
      expect(await ended(study, enrollmentId)).toMatchObject({ outcome: 'expired', outcomeReason: 'screening_window' });
      mend();
      expect(await evidence.slots()).toEqual(['released']);
    });

    it.concurrent('an unsigned eligibility reminds once, then expires', async () => {
      const hasty = await screened({ eligibilitySignature: { reminder: 'PT1S', expiry: 'PT3S' } });
      const { enrollmentId, evidence } = await begun(hasty);
      await hasty.screen(enrollmentId);
      expect(await ended(hasty, enrollmentId)).toMatchObject({ outcome: 'expired', outcomeReason: 'eligibility_signature' });
      await eventually('all mails are out', async () => (await evidence.mails()).includes('not_enrolled to coordinator-1'));
      expect((await evidence.mails()).filter((mail) => mail.startsWith('signature_'))).toEqual(['signature_reminder to doctor-1', 'signature_requested to doctor-1']);
    });
  });

  describe('an amendment of the consent form', () => {
    const signedBefore = async (within: DirectStudy) => {
      const one = await begun(within);
      await within.screen(one.enrollmentId);
      await within.until(one.enrollmentId, awaits('eligibility'));
      return one;
    };

    it.concurrent('holds the signature until the new version is signed; then the signature is bound to it', async () => {
      const own = await screened();
      const { enrollmentId, evidence } = await signedBefore(own);
      await own.amend('2.0');
      expect(await own.decide(enrollmentId)).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
      expect(await own.until(enrollmentId, awaits('consent'))).toMatchObject({ stage: 'eligibility', awaiting: { who: 'the participant' } });
      expect(await own.decide(enrollmentId)).toMatchObject({ status: 409, body: { code: 'awaiting_consent' } });
      expect(await own.reConsent(enrollmentId, { version: '2.0' })).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await own.until(enrollmentId, awaits('eligibility'));
      expect((await own.decide(enrollmentId)).status).toBe(201);
      expect(await ended(own, enrollmentId)).toMatchObject({ outcome: 'active' });
      expect(await evidence.consents()).toEqual(['valid', 'valid']);
      expect(await evidence.mails()).toEqual(expect.arrayContaining(['reconsent_requested to coordinator-1', 'reconsent_requested to doctor-1']));
    });

    it.concurrent('that comes after the signature holds the enrollment without a slot until the new version is signed', async () => {
      const own = await screened({}, 1);
      const { enrollmentId, patientId, evidence } = await signedBefore(own);
      const hold = faults.hold('enrollParticipant', 'before', patientId);
      await own.decide(enrollmentId);
      await hold.reached();
      await own.amend('2.0');
      await hold.release();
      expect(await own.until(enrollmentId, awaits('consent'))).toMatchObject({ stage: 'enrollment' });
      await eventually('the slot is given back', async () => (await evidence.slots()).join() === 'released');
      await own.reConsent(enrollmentId, { version: '2.0' });
      expect(await ended(own, enrollmentId)).toMatchObject({ outcome: 'active' });
      expect(await evidence.slots()).toEqual(['released', 'confirmed']);
    });

    it.concurrent('that comes right before the pivot holds it there; without a new consent it expires and is undone', async () => {
      const own = await screened({ reconsentDeadline: 'PT2S' });
      const { enrollmentId, patientId, evidence } = await signedBefore(own);
      const hold = faults.hold('confirmSlot', 'before', patientId);
      await own.decide(enrollmentId);
      await hold.reached();
      await own.amend('2.0');
      await hold.release();
      expect(await own.until(enrollmentId, awaits('consent'))).toMatchObject({ stage: 'casebook' });
      expect(await ended(own, enrollmentId)).toMatchObject({ outcome: 'expired', outcomeReason: 'reconsent_deadline' });
      expect(await evidence.slots()).toEqual(['released']);
      expect(await evidence.casebook()).toEqual(['closed']);
    });

    it.concurrent('for new participants only concerns nobody who has signed', async () => {
      const own = await screened();
      const { enrollmentId } = await signedBefore(own);
      await own.amend('2.0', { appliesTo: 'new' });
      expect((await own.decide(enrollmentId)).status).toBe(201);
      expect(await ended(own, enrollmentId)).toMatchObject({ outcome: 'active' });
    });

    it.concurrent('that is declined asks the investigator, and is no withdrawal', async () => {
      const own = await screened();
      const { enrollmentId, evidence } = await signedBefore(own);
      await own.amend('2.0');
      await own.decide(enrollmentId);
      await own.until(enrollmentId, awaits('consent'));
      expect(await own.clinician.post(`/enrollments/${enrollmentId}/consents`, { declined: { reason: 'wants to think' } })).toMatchObject({ status: 201, body: { declined: true } });
      expect(await own.until(enrollmentId, awaits('decision'))).toMatchObject({ awaiting: { who: 'the investigator' } });
      await eventually('the investigator is told', async () => (await evidence.mails()).includes('reconsent_declined to doctor-1'));
      await own.reConsent(enrollmentId, { version: '2.0' });
      await own.until(enrollmentId, awaits('eligibility'));
    });
  });

  describe('re-screening', () => {
    const failOnce = async (within: DirectStudy, patientId: string, rescreenOf: string | null = null) => {
      const answer = await within.clinician.post<EnrollmentBody>('/enrollments', { ...within.body(patientId), rescreenOf });
      if (answer.status !== 201) return answer;
      await within.screen(answer.body.enrollmentId, { AGE: 44, EGFR: 12 });
      await ended(within, answer.body.enrollmentId);
      // Until everybody has been told, another enrollment of the person is refused as `closing`.
      await at.system.client.workflow.getHandle(`enrollment/${within.studyCode}/${patientId}`).result();
      return answer;
    };

    it.concurrent('is a new enrollment with a new subject number, as often as the protocol allows', async () => {
      const own = await screened();
      const patientId = await own.register();
      const first = (await failOnce(own, patientId)).body.enrollmentId;
      const again = await failOnce(own, patientId, first);
      expect(again).toMatchObject({ status: 201, body: { rescreenOf: first } });
      const numbers = await Promise.all([first, again.body.enrollmentId].map(async (one) => (await own.get(one)).body.subjectNumber));
      expect(new Set(numbers).size).toBe(2);
      expect(await failOnce(own, patientId, again.body.enrollmentId)).toMatchObject({ status: 409, body: { code: 'not_admissible', missing: ['rescreens_used_up'] } });
    });
  });

  it.concurrent('a consent without the witness of somebody who cannot read is refused, and nothing is started', async () => {
    const patientId = await study.register();
    const answer = await study.clinician.post('/enrollments', { ...study.body(patientId), canRead: false });
    expect(answer).toMatchObject({ status: 422, body: { code: 'signers_missing' } });
  });

  // Not concurrent: these run after all the others.
  it('leaves every invariant true', () => expectInvariants(at));
  it('leaves nothing personal in what Temporal shows', () => expectNothingPersonal(at));
});
