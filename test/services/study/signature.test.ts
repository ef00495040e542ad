import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtocolInput } from '../../../services/study/index.ts';
import type { EnrollmentIdentity, SignEligibility } from '../../../services/study/types.ts';
import { addConsentVersion, CONSENT, createTrial, createWorld, ctx, enterResults, evaluate, identityOf, key, NOW, open, PROTOCOL, type Trial, type World } from './fixture.ts';
import { auditOf } from '../../support/audit.ts';

const AGE: ProtocolInput = { ...PROTOCOL, criteria: [{ code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 }] };
const PRINCIPAL = { userId: 'inv-7', name: 'Wang Min' };
const DELEGATED = { userId: 'dr-1', name: 'Zhao Lei' };
const MEANING = 'I confirm that the participant meets the criteria';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

type Case = { trial: Trial; identity: EnrollmentIdentity; sha256: string | null };

/** An enrollment whose criteria have been evaluated, `met` unless the age says otherwise. */
async function evaluated(age: number | null = 44): Promise<Case> {
  const trial = await createTrial(world, AGE);
  const identity = identityOf(trial);
  await Promise.all([open(world.service, identity), addConsentVersion(world, trial)]);
  enterResults(world, identity, age === null ? [] : [['AGE', age]]);
  const { sha256 } = await evaluate(world, identity);
  return { trial, identity, sha256 };
}

const sign = ({ identity, sha256 }: Omit<Case, 'trial'>, given: Partial<SignEligibility> & { key?: string } = {}) => {
  const { key: used = key(), ...more } = given;
  const input = { identity, revision: 3, round: 1, decision: 'eligible' as const, reason: null, meaning: MEANING, sha256, signer: PRINCIPAL, consent: CONSENT, ...more };
  return world.service.signEligibility({ ctx, key: used, input });
};
const invalidate = (identity: EnrollmentIdentity, reason = 'wrong sample', used = key()) =>
  world.service.invalidateEligibility({ ctx, key: used, input: { identity, revision: 4, reason, by: PRINCIPAL } });
const delegate = ({ studyId, siteId }: Trial, given: { tasks?: string[]; from?: string; to?: string } = {}) =>
  world.service.addDelegation({ ctx, key: key(), input: { studyId, siteId, userId: DELEGATED.userId, tasks: ['eligibility'], from: '2026-11-01T00:00:00.000Z', ...given } });
const end = (identity: EnrollmentIdentity) =>
  world.service.recordOutcome({ ctx, key: key(), input: { identity, revision: 9, outcome: 'declined', stage: 'eligibility', reason: null } });
const decisionsOf = async ({ enrollmentId }: EnrollmentIdentity) => (await world.service.getEligibility({ ctx, input: { enrollmentId } })).decisions;
const eventsOf = async ({ enrollmentId }: EnrollmentIdentity) => (await world.service.enrollmentTimeline({ ctx, input: { enrollmentId } })).items.slice(2);

describe('a signed decision on eligibility', () => {
  it('shows printed name, time and meaning, is bound to what was evaluated, and moves record and timeline', async () => {
    const one = await evaluated();
    const { identity, sha256 } = one;
    const answer = await sign(one);
    expect(answer).toEqual({ signed: true, decisionId: expect.any(String), signedAt: NOW.toISOString(), sha256 });
    const decisionId = answer.signed ? answer.decisionId : '';
    expect(await decisionsOf(identity)).toEqual([
      { decisionId, round: 1, decision: 'eligible', reason: null, meaning: MEANING, signer: PRINCIPAL, signedAt: NOW.toISOString(), sha256, valid: true, invalidated: null },
    ]);
    expect(await world.service.getEnrollment({ ctx, input: identity })).toMatchObject({ stage: 'eligibility', status: 'screening', revision: 3 });
    expect(await eventsOf(identity)).toMatchObject([
      { event: 'ELIGIBILITY CRITERIA MET', stage: 'eligibility', details: { decisionId, decision: 'eligible', signer: PRINCIPAL, meaning: MEANING } },
    ]);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity_id = ${decisionId}`);
    expect(audit).toMatchObject([{ action: 'C', actor: { id: 'coord-1' }, after: { decision: 'eligible', signerName: 'Wang Min', sha256 } }]);
  });

  it('is signed once under a key, also when it is repeated with a higher revision', async () => {
    const one = await evaluated();
    const same = key();
    const answers = await Promise.all([sign(one, { key: same }), sign(one, { key: same }), sign(one, { key: same, revision: 7 })]);
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    expect(await decisionsOf(one.identity)).toHaveLength(1);
    await expect(sign(one, { key: same, decision: 'not_eligible' })).rejects.toMatchObject({ code: 'key_reused' });
  });

  it('that somebody is not eligible may be signed whatever the criteria say, with its reason', async () => {
    for (const age of [44, 17, null]) {
      const one = await evaluated(age);
      expect(await sign(one, { decision: 'not_eligible', reason: 'Investigator judgement' })).toMatchObject({ signed: true, sha256: one.sha256 });
      expect(await decisionsOf(one.identity)).toMatchObject([{ decision: 'not_eligible', reason: 'Investigator judgement' }]);
      expect(await eventsOf(one.identity)).toMatchObject([{ event: 'ELIGIBILITY CRITERIA NOT MET' }]);
    }
  });

  it('that somebody is not eligible needs no evaluation; that somebody is needs one', async () => {
    const identity = identityOf(await createTrial(world, AGE));
    await open(world.service, identity);
    const none = { identity, sha256: null };
    await expect(sign(none)).rejects.toMatchObject({ code: 'criteria_not_met' });
    expect(await sign(none, { decision: 'not_eligible' })).toMatchObject({ signed: true, sha256: null });
  });
});

describe('signing is refused', () => {
  it('for somebody without a consent in force, but that somebody is not eligible; what was signed stays signed', async () => {
    const one = await evaluated();
    const { enrollmentId } = one.identity;
    const used = key();
    world.unconsented.add(enrollmentId);
    await expect(sign(one, { key: used })).rejects.toMatchObject({ code: 'consent_not_in_force', errorClass: 'conflict', retryable: false });
    expect(await decisionsOf(one.identity)).toEqual([]);
    world.unconsented.delete(enrollmentId);
    const signed = await sign(one, { key: used });
    world.unconsented.add(enrollmentId);
    expect(await sign(one, { key: used })).toEqual(signed);

    const other = await evaluated();
    world.unconsented.add(other.identity.enrollmentId);
    expect(await sign(other, { decision: 'not_eligible', reason: 'No consent' })).toMatchObject({ signed: true });
  });

  it('while the criteria are not met', async () => {
    for (const age of [17, null]) await expect(sign(await evaluated(age))).rejects.toMatchObject({ code: 'criteria_not_met', errorClass: 'conflict', retryable: false });
  });

  it('for anything but the latest evaluation, also when that one is met, too', async () => {
    const one = await evaluated();
    enterResults(world, one.identity, [['AGE', 45]]);
    const { sha256 } = await evaluate(world, one.identity);
    for (const decision of ['eligible', 'not_eligible'] as const) {
      await expect(sign(one, { decision })).rejects.toMatchObject({ code: 'evaluation_changed', errorClass: 'conflict' });
      await expect(sign(one, { decision, sha256: null })).rejects.toMatchObject({ code: 'evaluation_changed' });
    }
    expect(await sign({ ...one, sha256 })).toMatchObject({ signed: true, sha256 });
  });

  it('to whoever is neither principal investigator of the site nor delegated to now', async () => {
    const one = await evaluated();
    const { trial } = one;
    const { studyId } = trial;
    const attempt = (signer = DELEGATED) => sign(one, { signer });
    const refusal = { code: 'signer_not_entitled', errorClass: 'forbidden', retryable: false };
    await expect(attempt()).rejects.toMatchObject(refusal);
    await expect(attempt()).rejects.not.toThrow(/Zhao|dr-1/);
    await world.service.addInvestigator({ ctx, key: key(), input: { studyId, siteId: trial.siteId, ...DELEGATED, email: 'dr-1@hospital.example', role: 'sub' } });
    await expect(attempt()).rejects.toMatchObject(refusal);
    await delegate(trial, { tasks: ['consent'] });
    await delegate(trial, { from: new Date(NOW.getTime() + 1).toISOString() });
    await delegate(trial, { to: NOW.toISOString() });
    await delegate({ ...trial, siteId: studyId });
    const { delegationId } = await delegate(trial);
    await world.service.endDelegation({ ctx, key: key(), input: { studyId, delegationId } });
    await expect(attempt()).rejects.toMatchObject(refusal);
    await delegate(trial, { from: NOW.toISOString(), to: new Date(NOW.getTime() + 1).toISOString() });
    expect(await attempt()).toMatchObject({ signed: true });
  });

  it('before the opening, after the outcome, and for the enrollment of another', async () => {
    const early = identityOf(await createTrial(world, AGE));
    await expect(sign({ identity: early, sha256: 'a' })).rejects.toMatchObject({ code: 'out_of_order' });
    const one = await evaluated();
    const other = { ...one.identity, studyId: early.studyId };
    await expect(sign({ ...one, identity: other })).rejects.toMatchObject({ code: 'enrollment_mismatch' });
    await end(one.identity);
    await expect(sign(one)).rejects.toMatchObject({ code: 'enrollment_closed' });
    await expect(invalidate(one.identity)).rejects.toMatchObject({ code: 'enrollment_closed' });
  });

  it('while a decision is in force, whoever signs and whatever they decide', async () => {
    const one = await evaluated();
    await delegate(one.trial);
    await sign(one);
    await expect(sign(one)).rejects.toMatchObject({ code: 'already_decided', errorClass: 'conflict' });
    await expect(sign(one, { decision: 'not_eligible', signer: DELEGATED })).rejects.toMatchObject({ code: 'already_decided' });
    await expect(sign(one, { sha256: null })).rejects.toMatchObject({ code: 'already_decided' });
    expect(await decisionsOf(one.identity)).toHaveLength(1);
  });
});

describe('a newer consent version', () => {
  it('holds a signature that could be given otherwise, and nothing is written but the key', async () => {
    const one = await evaluated();
    await addConsentVersion(world, one.trial, { version: '3.1', effectiveAt: NOW.toISOString() });
    const used = key();
    const held = { signed: false, reason: 'consent_superseded', version: '3.1' };
    expect(await sign(one, { key: used })).toEqual(held);
    expect(await decisionsOf(one.identity)).toEqual([]);
    expect(await eventsOf(one.identity)).toEqual([]);
    expect(await world.service.getEnrollment({ ctx, input: one.identity })).toMatchObject({ stage: 'screening', revision: 2 });
    const consent = { ...CONSENT, version: '3.1' };
    const { sha256 } = await evaluate(world, one.identity, { version: '3.1' });
    expect(await sign({ ...one, sha256 }, { consent })).toMatchObject({ signed: true });
    expect(await sign(one, { key: used })).toEqual(held);
  });

  it('holds nothing that would be refused anyway', async () => {
    const one = await evaluated(17);
    await addConsentVersion(world, one.trial, { version: '3.1', effectiveAt: NOW.toISOString() });
    await expect(sign(one)).rejects.toMatchObject({ code: 'criteria_not_met' });
    await expect(sign(one, { signer: DELEGATED })).rejects.toMatchObject({ code: 'signer_not_entitled' });
  });

  it('racing a signature, comes before it or after it: never a signature half held', async () => {
    for (let round = 0; round < 10; round++) {
      const one = await evaluated();
      const [signed] = await Promise.all([sign(one), addConsentVersion(world, one.trial, { version: '3.1', effectiveAt: NOW.toISOString() })]);
      expect(await decisionsOf(one.identity)).toHaveLength(signed.signed ? 1 : 0);
      if (signed.signed) continue;
      expect(signed.version).toBe('3.1');
    }
  });
});

describe('an invalidation', () => {
  it('leaves the decision as it was signed, with who, when and why, and lets another one be signed', async () => {
    const one = await evaluated();
    const { identity } = one;
    await sign(one);
    const [{ decisionId } = { decisionId: '' }] = await decisionsOf(identity);
    expect(await invalidate(identity)).toEqual({ decisionId });
    const invalidated = { at: NOW.toISOString(), by: PRINCIPAL, reason: 'wrong sample' };
    expect(await decisionsOf(identity)).toMatchObject([{ decisionId, decision: 'eligible', signer: PRINCIPAL, meaning: MEANING, invalidated }]);
    expect(await world.service.getEnrollment({ ctx, input: identity })).toMatchObject({ stage: 'eligibility', revision: 4 });
    expect((await eventsOf(identity)).at(-1)).toMatchObject({ event: 'ELIGIBILITY DECISION INVALIDATED', details: { decisionId, by: PRINCIPAL, reason: 'wrong sample' } });
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity_id = ${decisionId} and action = 'U'`);
    expect(audit).toMatchObject([{ before: { invalidatedAt: null }, after: { invalidatedReason: 'wrong sample' } }]);
    await sign(one, { round: 2, decision: 'not_eligible' });
    expect(await decisionsOf(identity)).toMatchObject([{ round: 2, invalidated: null }, { decisionId, round: 1, invalidated }]);
  });

  it('needs a decision in force, and repeated under its key changes nothing', async () => {
    const one = await evaluated();
    await expect(invalidate(one.identity)).rejects.toMatchObject({ code: 'not_decided', errorClass: 'conflict' });
    await expect(invalidate(identityOf(one.trial))).rejects.toMatchObject({ code: 'not_decided' });
    await sign(one);
    const same = key();
    const answers = await Promise.all([invalidate(one.identity, 'x', same), invalidate(one.identity, 'x', same)]);
    expect(answers[1]).toEqual(answers[0]);
    await expect(invalidate(one.identity, 'y')).rejects.toMatchObject({ code: 'not_decided' });
    expect(await decisionsOf(one.identity)).toMatchObject([{ invalidated: { reason: 'x' } }]);
  });
});

describe('at once', () => {
  const refusals = (settled: PromiseSettledResult<unknown>[]) =>
    settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));

  it('two signers come to exactly one decision, and the other is told so', async () => {
    for (let round = 0; round < 10; round++) {
      const one = await evaluated();
      await delegate(one.trial);
      const settled = await Promise.allSettled([sign(one), sign(one, { signer: DELEGATED, decision: 'not_eligible' })]);
      expect(refusals(settled)).toEqual(['already_decided']);
      const [decision, ...more] = await decisionsOf(one.identity);
      expect(more).toEqual([]);
      expect(decision).toMatchObject(settled[0].status === 'fulfilled' ? { signer: PRINCIPAL, decision: 'eligible' } : { signer: DELEGATED, decision: 'not_eligible' });
    }
  });

  it('a signature and an outcome come one after the other', async () => {
    for (let round = 0; round < 10; round++) {
      const one = await evaluated();
      const settled = await Promise.allSettled([sign(one), end(one.identity)]);
      const closed = settled[0].status === 'rejected';
      expect(refusals(settled)).toEqual(closed ? ['enrollment_closed'] : []);
      expect(await decisionsOf(one.identity)).toHaveLength(closed ? 0 : 1);
    }
  });

  it('a signature waits for a change to the enrollment that is under way, and goes by what it has become', async () => {
    const { sql } = world.database;
    const one = await evaluated();
    const { enrollmentId, studyId, patientId } = one.identity;
    const waiting = () => sql`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
    let signing: Promise<unknown> = Promise.resolve();
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${`enrollment/${studyId}/${patientId}`}, 0))`;
      signing = sign(one).catch((error: unknown) => error);
      await expect.poll(waiting, { timeout: 5000 }).toHaveLength(1);
      await tx`update study.enrollments set outcome = 'declined' where id = ${enrollmentId}`;
    });
    expect(await signing).toMatchObject({ code: 'enrollment_closed' });
    expect(await decisionsOf(one.identity)).toEqual([]);
  });

  it('a signature and another evaluation come one after the other: signed is what was seen', async () => {
    for (let round = 0; round < 10; round++) {
      const one = await evaluated();
      enterResults(world, one.identity, [['AGE', 45]]);
      const settled = await Promise.allSettled([sign(one), evaluate(world, one.identity)]);
      const tooLate = settled[0].status === 'rejected';
      expect(refusals(settled)).toEqual(tooLate ? ['evaluation_changed'] : []);
      expect((await decisionsOf(one.identity)).map((decision) => decision.sha256)).toEqual(tooLate ? [] : [one.sha256]);
    }
  });

  it('two invalidations invalidate once', async () => {
    for (let round = 0; round < 5; round++) {
      const one = await evaluated();
      await sign(one);
      const settled = await Promise.allSettled([invalidate(one.identity, 'x'), invalidate(one.identity, 'y')]);
      expect(refusals(settled)).toEqual(['not_decided']);
      expect(await decisionsOf(one.identity)).toMatchObject([{ invalidated: { reason: settled[0].status === 'fulfilled' ? 'x' : 'y' } }]);
    }
  });
});

describe('a signature under a decision', () => {
  it.each([
    ['the decision', `update study.eligibility_decisions set decision = 'not_eligible' where id = $1`],
    ['the meaning', `update study.eligibility_decisions set meaning = 'seen' where id = $1`],
    ['the reason', `update study.eligibility_decisions set reason = 'seen' where id = $1`],
    ['the meaning, by that of another signature', `update study.eligibility_decisions set meaning = (select meaning from study.eligibility_decisions where id <> $1 limit 1) where id = $1`],
    ['an invalidation made up', `update study.eligibility_decisions set invalidated_at = now(), invalidated_by_user_id = 'x', invalidated_by_name = 'X', invalidated_reason = 'seen' where id = $1`],
    ['the printed name', `update study.eligibility_decisions set signer_name = 'Another' where id = $1`],
    ['the time', `update study.eligibility_decisions set signed_at = signed_at - interval '1 hour' where id = $1`],
    ['what was seen', `update study.eligibility_evaluations set criteria = jsonb_set(criteria, '{0,value}', '99') where enrollment_id = (select enrollment_id from study.eligibility_decisions where id = $1)`],
    ['which evaluation', `update study.eligibility_decisions set sha256 = repeat('0', 64) where id = $1`],
  ])('shows as invalid when the record was changed past the system: %s', async (_what, change) => {
    const one = await evaluated();
    const answer = await sign(one);
    const decisionId = answer.signed ? answer.decisionId : '';
    expect(await decisionsOf(one.identity)).toMatchObject([{ decisionId, valid: true }]);
    await world.database.sql.unsafe(change, [decisionId]);
    expect(await decisionsOf(one.identity)).toMatchObject([{ decisionId, valid: false }]);
  });
});
