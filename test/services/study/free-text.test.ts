// Real: PostgreSQL, the Study service. Stand-ins: Site, EDC and Patient.
//
// Every verb that takes something in people's own words is given a text that stands nowhere else: it reads as it was
// written, and stands in no column of Study in plain.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtocolInput } from '../../../services/study/index.ts';
import { randomise, randomising, SEX, enrolledMany } from '../../randomisation/world.ts';
import { auditOf } from '../../support/audit.ts';
import { inPlain, marks } from '../../support/plain.ts';
import { as } from '../../unblinding/world.ts';
import { addConsentVersion, CONSENT, createTrial, createWorld, ctx, enroll, enterResults, evaluate, identityOf, key, open, PROTOCOL, type World } from './fixture.ts';

const AGE: ProtocolInput = { ...PROTOCOL, criteria: [{ code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 }] };
const PRINCIPAL = { userId: 'inv-7', name: 'Wang Min' };
const { said, mark } = marks();

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const timelineOf = async (enrollmentId: string) => (await world.service.enrollmentTimeline({ ctx, input: { enrollmentId } })).items;

describe('what is written as free text reads as it was written', () => {
  it('of an outcome: in the record, in lists, on the screening log and in the timeline', async () => {
    const { service } = world;
    const trial = await createTrial(world);
    const [identity, silent] = [identityOf(trial), identityOf(trial)];
    const reason = mark('Outcome');
    for (const one of [identity, silent]) await open(service, one);
    const end = (one: typeof identity, why: string | null) =>
      service.recordOutcome({ ctx, key: key(), input: { identity: one, revision: 3, outcome: 'declined', stage: 'screening', reason: why } });
    await end(identity, reason);
    await end(silent, null);
    expect(await service.getEnrollment({ ctx, input: identity })).toMatchObject({ outcomeReason: reason });
    const { items } = await service.listEnrollments({ ctx, input: { studyId: trial.studyId, limit: 5 } });
    expect(items.map(({ outcomeReason }) => outcomeReason)).toEqual([null, reason]);
    const log = await service.listScreeningLog({ ctx, input: { studyId: trial.studyId, siteId: trial.siteId, limit: 5 } });
    expect(log.items.map((line) => line.reason)).toEqual([null, reason]);
    expect((await timelineOf(identity.enrollmentId)).at(-1)).toMatchObject({ event: 'OUTCOME RECORDED', details: { outcome: 'declined', reason, scope: null } });
    expect((await timelineOf(silent.enrollmentId)).at(-1)?.details).toEqual({ outcome: 'declined', reason: null, scope: null });
    // The outcome again: the trail has the old reason, opened.
    const again = mark('Again');
    await service.recordOutcome({ ctx, key: key(), input: { identity, revision: 4, outcome: 'declined', stage: 'screening', reason: again } });
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`verb = 'recordOutcome' and entity_id = ${identity.enrollmentId}`);
    expect(audit.map(({ before, after }) => [(before as { reason: string }).reason, (after as { reason: string }).reason])).toEqual([[null, reason], [reason, again]]);
  });

  it('of an undone enrolling, and of a deviation', async () => {
    const { service } = world;
    const identity = identityOf(await createTrial(world));
    const { enrollmentId } = identity;
    await open(service, identity);
    await enroll(service, identity);
    const [reason, description] = [mark('Undone'), mark('Deviation')];
    await service.voidEnrolling({ ctx: { ...ctx, reason }, key: key(), input: { stepKey: `${enrollmentId}/enrollParticipant/1`, identity, revision: 3 } });
    await service.logDeviation({ ctx: { ...ctx, reason: mark('Why') }, key: key(), input: { enrollmentId, category: 'visit_window', severity: 'minor', description } });
    expect((await timelineOf(enrollmentId)).at(-1)).toMatchObject({ event: 'ENROLLMENT VOIDED', details: { reason } });
    expect((await service.listDeviations({ ctx, input: { enrollmentId, limit: 5 } })).items).toMatchObject([{ category: 'visit_window', description }]);
  });

  it('of a signature and its invalidation, which is bound to the text as it reads', async () => {
    const { service } = world;
    const trial = await createTrial(world, AGE);
    const identity = identityOf(trial);
    await Promise.all([open(service, identity), addConsentVersion(world, trial)]);
    enterResults(world, identity, [['AGE', 44]]);
    const { sha256 } = await evaluate(world, identity);
    const [reason, meaning, invalidated] = [mark('Signed'), mark('Meaning'), mark('Invalidated')];
    const input = { identity, revision: 3, round: 1, decision: 'eligible' as const, reason, meaning, sha256, signer: PRINCIPAL, consent: CONSENT };
    await service.signEligibility({ ctx, key: key(), input });
    await service.invalidateEligibility({ ctx, key: key(), input: { identity, revision: 4, reason: invalidated, by: PRINCIPAL } });
    const { decisions } = await service.getEligibility({ ctx, input: identity });
    expect(decisions).toMatchObject([{ reason, meaning, valid: true, invalidated: { reason: invalidated } }]);
    expect((await timelineOf(identity.enrollmentId)).slice(-2)).toMatchObject([{ details: { meaning, signer: PRINCIPAL } }, { details: { reason: invalidated, by: PRINCIPAL } }]);
  });

  it('of a code-break, a corrected baseline, and unblindings of a subject and of a study', async () => {
    const { service } = world;
    const trial = await createTrial(world, randomising({ arms: [{ code: 'A', ratio: 1 }], blockSizes: [2], bySite: false, strata: [SEX] }));
    const [one] = await enrolledMany(world, trial, 1);
    await randomise(world, one!, { strata: { sex: 'female' } });
    const { enrollmentId } = one!;
    const { studyId } = trial;
    const corrected = mark('Baseline');
    await service.breakCode({ ctx: as('investigator', 'inv-7'), key: key(), input: { enrollmentId, reason: mark('CodeBreak') } });
    await service.correctBaseline({ ctx, key: key(), input: { enrollmentId, strata: { sex: 'male' }, reason: corrected } });
    expect((await service.listDeviations({ ctx, input: { enrollmentId, limit: 5 } })).items).toMatchObject([{ description: expect.stringContaining(corrected) }]);
    const [sponsor, monitor] = [as('sponsor', 'sp-1'), as('medical-monitor', 'mm-1')];
    const expected: object[] = [];
    for (const about of [{ scope: 'subject', enrollmentId }, { scope: 'study' }] as const) {
      const [reason, approvalReason] = [mark('Unblinding'), mark('Approval')];
      const { unblindingId } = await service.requestUnblinding({ ctx: sponsor, key: key(), input: { studyId, reason, ...about } });
      const approved = await service.approveUnblinding({ ctx: monitor, key: key(), input: { studyId, unblindingId, reason: approvalReason } });
      expect(approved).toMatchObject({ reason, approvalReason });
      expected.unshift({ reason, approvalReason });
    }
    const silent = await service.requestUnblinding({ ctx: sponsor, key: key(), input: { studyId, reason: mark('Silent'), scope: 'study' } });
    expect(await service.approveUnblinding({ ctx: monitor, key: key(), input: { studyId, unblindingId: silent.unblindingId } })).toMatchObject({ approvalReason: null });
    expect((await service.listUnblindings({ ctx, input: { studyId, limit: 5 } })).items.slice(1)).toMatchObject(expected);
  });
});

describe('what is written as free text', () => {
  it('stands in no column of Study in plain', async () => {
    expect(said.length).toBeGreaterThan(14);
    // The search looks at the right thing: a printed name of the staff stands there.
    expect(await inPlain(world.database.sql, 'study', ['Wang Min'])).not.toEqual([]);
    expect(await inPlain(world.database.sql, 'study', said)).toEqual([]);
  });

  it('has the key of its enrollment, made for those only of whom something was written', async () => {
    const { service, database: { sql } } = world;
    const identity = identityOf(await createTrial(world));
    await open(service, identity);
    const keys = async () => (await sql`select 1 from study.data_keys where owner = ${identity.enrollmentId}`).length;
    expect(await keys()).toBe(0);
    await service.logDeviation({ ctx, key: key(), input: { enrollmentId: identity.enrollmentId, category: 'x', severity: 'minor', description: mark('First') } });
    expect(await keys()).toBe(1);
  });

  it('of an expired enrollment is no more than its deadline, as a code; what is none of them counts as other', async () => {
    const trial = await createTrial(world);
    const reasons = ['screening_window', 'eligibility_signature', mark('Expired'), null];
    for (const reason of reasons) {
      const identity = identityOf(trial);
      await open(world.service, identity);
      await world.service.recordOutcome({ ctx, key: key(), input: { identity, revision: 2, outcome: 'expired', stage: 'screening', reason } });
    }
    const { flow } = await world.service.enrollmentSummary({ ctx, input: { studyId: trial.studyId } });
    expect(flow.excluded.expired).toEqual({ total: 4, byReason: { screening_window: 1, eligibility_signature: 1, reconsent_deadline: 0, other: 2 } });
    const { sql } = world.database;
    await expect(sql`update study.enrollments set expiry_reason = 'in my own words' where study_id = ${trial.studyId}`).rejects.toThrow(/enrollments_expiry_reason/);
    expect(await inPlain(sql, 'study', said)).toEqual([]);
  });
});
