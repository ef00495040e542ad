import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answered, eventually } from '../enrollment/faults.ts';
import { withdraw } from '../enrollment/words.ts';
import { expectInvariants } from '../support/invariants.ts';
import { type Caller, caller, type DirectStudy } from '../support/scenario.ts';
import { ask } from './ask.ts';
import { awaitingSignature, awaits, expectTrue, type RaceBench, startRaceBench, together } from './bench.ts';

const ROUNDS = 6;
const CORRECTED = { AGE: 45 };

describe('a signature against what changes at the same moment', () => {
  let bench: RaceBench;
  let study: DirectStudy;
  let delegate: Caller;

  beforeAll(async () => {
    bench = await startRaceBench();
    study = await bench.screened();
    delegate = await caller(bench.at, 'investigator', { sites: [study.siteCode], id: 'dr-2' });
    const delegation = { userId: 'dr-2', siteId: study.siteId, tasks: ['eligibility'], from: '2026-01-15T00:00:00Z' };
    expect((await study.admin.post(`/studies/${study.studyId}/delegations`, delegation)).status).toBe(201);
  });
  afterAll(() => bench.stop());

  /** Names of the messages that this person's run has accepted. */
  async function updatesOf(patientId: string): Promise<string[]> {
    const { events } = await bench.at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`).fetchHistory();
    return (events ?? []).flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update?.acceptedRequest?.input?.name ?? []);
  }

  describe('a new version of the consent form', () => {
    it.concurrent('that comes before the signature has its effect holds it', async () => {
      const one = await awaitingSignature(await bench.screened());
      const before = await bench.record(one);
      const hold = bench.faults.hold('signEligibility', 'before', one.patientId);
      const signing = ask.decision(one);
      await hold.reached();
      await one.study.amend('2.0');
      await hold.release();
      const answer = await signing;
      expect(answer).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
      await expectTrue(bench, one, { kind: 'decision', answer, before });
      await one.study.until(one.enrollmentId, awaits('consent'));
    });

    it.concurrent('that comes after it leaves the signature standing, and holds the enrolling', async () => {
      const one = await awaitingSignature(await bench.screened());
      const before = await bench.record(one);
      const hold = bench.faults.hold('signEligibility', 'after', one.patientId);
      const signing = ask.decision(one);
      await hold.reached();
      await one.study.amend('2.0');
      await hold.release();
      const answer = await signing;
      expect(answer.status).toBe(201);
      await expectTrue(bench, one, { kind: 'decision', answer, before });
      expect(await one.study.until(one.enrollmentId, awaits('consent'))).toMatchObject({ stage: 'enrollment' });
      expect((await ask.consent(one)).status).toBe(201);
      await bench.runEnds(one);
      expect(await bench.record(one)).toMatchObject({ outcome: 'active' });
    });

    it.concurrent('for everybody at the site, while everybody is being signed for: each before or after it', async () => {
      const own = await bench.screened();
      const all = await Promise.all(Array.from({ length: ROUNDS }, () => awaitingSignature(own)));
      const before = await Promise.all(all.map((one) => bench.record(one)));
      const [answers] = await Promise.all([Promise.all(all.map((one) => ask.decision(one))), own.amend('2.0')]);
      for (const [index, one] of all.entries()) {
        const answer = answers[index];
        const was = before[index];
        if (!answer || !was) throw new Error('an answer and a record for each');
        await expectTrue(bench, one, { kind: 'decision', answer, before: was });
        if (answer.status === 409) expect(answer.body['code']).toBe('consent_superseded');
        // Signed before it: past the pivot already, or held at the next step that asks for the version.
        const now = await own.until(one.enrollmentId, (seen) => seen.outcome === 'active' || awaits('consent')(seen));
        expect(answer.status === 409 ? ['eligibility'] : ['enrollment', 'casebook', 'activation']).toContain(now.stage);
        if (now.outcome === 'active') continue;
        expect((await ask.consent(one)).status).toBe(201);
        if (answer.status === 409) {
          await own.until(one.enrollmentId, awaits('eligibility'));
          expect((await ask.decision(one)).status).toBe(201);
        }
      }
      await Promise.all(all.map(bench.runEnds));
      for (const one of all) expect(await bench.record(one)).toMatchObject({ outcome: 'active', decisions: [{ decision: 'eligible', invalidated: false }] });
    });
  });

  describe('another signer', () => {
    it.concurrent('who decides otherwise at once is refused, whoever came second', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const one = await awaitingSignature(study);
        const key = randomUUID();
        const [eligible, not] = await together(round, () => ask.decision(one), () => answered(() => study.decide(one.enrollmentId, 'not_eligible', { by: delegate, key })));
        expect([eligible.status, not.status].toSorted()).toEqual([201, 409]);
        await bench.runEnds(one);
        const first = eligible.status === 201;
        expect(await bench.record(one)).toMatchObject({
          outcome: first ? 'active' : 'screen_failed',
          decisions: [first ? { decision: 'eligible', signer: 'doctor-1' } : { decision: 'not_eligible', signer: 'dr-2' }],
        });
        expect((await bench.record(one)).decisions).toHaveLength(1);
      }
    });

    it.concurrent.each(['doctor-1', 'dr-2'])('who comes while the signature of %s is being recorded is refused after it', async (first) => {
      const one = await awaitingSignature(study);
      const signs = {
        'doctor-1': () => ask.decision(one),
        'dr-2': () => answered(() => study.decide(one.enrollmentId, 'not_eligible', { by: delegate, key: one.patientId })),
      };
      const hold = bench.faults.hold('signEligibility', 'before', one.patientId);
      const earlier = first === 'dr-2' ? signs['dr-2']() : signs['doctor-1']();
      await hold.reached();
      const later = first === 'dr-2' ? signs['doctor-1']() : signs['dr-2']();
      await eventually('the other one is with the run', async () => (await updatesOf(one.patientId)).filter((name) => name === 'signEligibility').length === 2);
      await hold.release();
      expect((await earlier).status).toBe(201);
      expect((await later).status).toBe(409);
      await bench.runEnds(one);
      const { outcome, decisions } = await bench.record(one);
      expect(outcome).toBe(first === 'dr-2' ? 'screen_failed' : 'active');
      expect(decisions.map(({ signer }) => signer)).toEqual([first]);
    });
  });

  describe('a correction of the values', () => {
    const correct = (one: Parameters<typeof ask.results>[0]) => ask.results(one, CORRECTED, { reason: 'typed wrong' });

    it.concurrent.each(['before', 'after'] as const)('that is being recorded (hangs %s its effect) refuses a signature on the old ones', async (where) => {
      const one = await awaitingSignature(study);
      const hold = bench.faults.hold('recordScreeningResults', where, one.patientId);
      const correcting = correct(one);
      await hold.reached();
      const signing = ask.decision(one);
      // The signature is on its way with what was seen before the correction, and waits its turn.
      await eventually('the signature is with the run', async () => (await updatesOf(one.patientId)).includes('signEligibility'));
      await hold.release();
      expect((await correcting).status).toBe(201);
      expect(await signing).toMatchObject({ status: 409, body: { code: 'evaluation_changed' } });
      expect(await bench.record(one)).toMatchObject({ values: { AGE: 45, EGFR: 88 }, decisions: [] });
      expect((await ask.decision(one)).status).toBe(201);
      await bench.runEnds(one);
    });

    it.concurrent.each(['before', 'after'] as const)('that comes while a signature is being recorded (hangs %s its effect) is refused', async (where) => {
      const one = await awaitingSignature(study);
      const hold = bench.faults.hold('signEligibility', where, one.patientId);
      const signing = ask.decision(one);
      await hold.reached();
      const correcting = correct(one);
      await eventually('the correction is with the run', async () => (await updatesOf(one.patientId)).filter((name) => name === 'recordScreening').length === 2);
      await hold.release();
      expect((await signing).status).toBe(201);
      expect((await correcting).status).toBe(409);
      await bench.runEnds(one);
      expect(await bench.record(one)).toMatchObject({ outcome: 'active', values: { AGE: 44, EGFR: 88 } });
    });

    it.concurrent('at the same moment: one is done, the other refused, and what is signed are the values that stand', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const one = await awaitingSignature(study);
        const [signed, corrected] = await together(round, () => ask.decision(one), () => correct(one));
        const { values, decisions } = await bench.record(one);
        expect(values).toEqual({ AGE: corrected.status === 201 ? 45 : 44, EGFR: 88 });
        expect(decisions).toHaveLength(signed.status === 201 ? 1 : 0);
        // Both are done when the correction was there before anybody looked at the values to be signed.
        expect([[201, 409], [409, 201], [201, 201]]).toContainEqual([signed.status, corrected.status]);
        if (signed.status === 409) {
          expect(signed.body['code']).toBe('evaluation_changed');
          expect((await withdraw(study, one.enrollmentId)).status).toBe(200);
        }
        await bench.runEnds(one);
        expect((await bench.record(one)).outcome).toBe(signed.status === 201 ? 'active' : 'declined');
      }
    });
  });

  // Not concurrent: runs after all the others.
  it('leaves every invariant true', () => expectInvariants(bench.at));
});
