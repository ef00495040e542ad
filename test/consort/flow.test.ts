import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome, ProtocolInput, RefusalReason, Stage } from '../../services/study/index.ts';
import { OUTCOMES, STAGES } from '../../services/study/index.ts';
import type { ConsortFlow, EnrollmentIdentity } from '../../services/study/types.ts';
import { randomise, randomising, TWO_ARMS } from '../randomisation/world.ts';
import { createTrial, createWorld, ctx, enroll, enterResults, evaluate, identityOf, key, NOW, open, PROTOCOL, type Trial, type World } from '../services/study/fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const SCREENED: ProtocolInput = {
  ...PROTOCOL,
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30 },
  ],
};
const ARMS = { ...TWO_ARMS, arms: [{ code: 'VERUM-X', ratio: 1 }, { code: 'PLACEBO-Y', ratio: 1 }] };

const summaryOf = (studyId: string, siteIds?: string[]) => world.service.enrollmentSummary({ ctx, input: { studyId, ...(siteIds ? { siteIds } : {}) } });
const refuse = ({ studyId, siteId }: Pick<Trial, 'studyId' | 'siteId'>, reason: RefusalReason) =>
  world.service.logRefusal({ ctx, key: key(), input: { studyId, siteId, reason, at: '2026-11-20T00:00:00Z' } });

async function opened(trial: Trial, given: Partial<EnrollmentIdentity> = {}): Promise<EnrollmentIdentity> {
  const identity = identityOf(trial, given);
  await open(world.service, identity);
  return identity;
}

async function enrolled(trial: Trial): Promise<EnrollmentIdentity> {
  const identity = await opened(trial);
  await enroll(world.service, identity);
  return identity;
}

type End = { outcome: Outcome; stage: Stage; reason?: string; scope?: 'interventions' };
const end = (identity: EnrollmentIdentity, { outcome, stage, reason, scope }: End, revision = 10) =>
  world.service.recordOutcome({ ctx, key: key(), input: { identity, revision, outcome, stage, reason: reason ?? null, ...(scope ? { scope } : {}) } });

async function failed(trial: Trial, values: { age: number; egfr: number }): Promise<EnrollmentIdentity> {
  const identity = await opened(trial);
  enterResults(world, identity, [['AGE', values.age], ['EGFR', values.egfr]]);
  await evaluate(world, identity);
  await end(identity, { outcome: 'screen_failed', stage: 'screening', reason: 'criteria_not_met' });
  return identity;
}

function expectSums({ assessed, excluded, inProgress, entered }: ConsortFlow): void {
  const values = (of: Partial<Record<string, number>>) => Object.values(of).reduce<number>((sum, n) => sum + (n ?? 0), 0);
  const { refusedBeforeSigning: refused, screenFailed, expired } = excluded;
  expect(assessed).toBe(excluded.total + inProgress.total + entered.total);
  expect(excluded.total).toBe(
    refused.total + screenFailed.total + excluded.declined + expired.total + excluded.capReached + excluded.withdrawn + excluded.voided,
  );
  expect(refused.total).toBe(values(refused.byReason));
  expect(expired.total).toBe(values(expired.byReason));
  expect(inProgress.total).toBe(values(inProgress.byStage));
  expect(entered.total).toBe(entered.randomised + entered.notRandomised);
  expect(entered.total).toBe(entered.withdrawn + entered.active + entered.activating);
}

describe('the flow of participants', () => {
  it('counts each enrollment and each refusal in one place, as the steps recorded it', async () => {
    const trial = await createTrial(world, SCREENED);
    for (const reason of ['declined_to_participate', 'declined_to_participate', 'other'] as const) await refuse(trial, reason);
    await failed(trial, { age: 17, egfr: 90 });
    const twice = await failed(trial, { age: 16, egfr: 20 });
    await end(await opened(trial), { outcome: 'screen_failed', stage: 'eligibility', reason: 'not_eligible' });
    // The same person again: another enrollment, which counts.
    await opened(trial, { patientId: twice.patientId, rescreenOf: twice.enrollmentId });
    await end(await opened(trial), { outcome: 'declined', stage: 'screening', reason: 'decided_by_participant' });
    await end(await opened(trial), { outcome: 'expired', stage: 'screening', reason: 'screening_window' });
    await end(await opened(trial), { outcome: 'expired', stage: 'eligibility', reason: 'a reason of some later version' });
    await end(await opened(trial), { outcome: 'cap_reached', stage: 'slot' });
    await end(await opened(trial), { outcome: 'voided', stage: 'screening', reason: 'aborted' });
    const gone = await enrolled(trial);
    await world.service.voidEnrolling({ ctx, key: key(), input: { identity: gone, revision: 5, stepKey: `${gone.enrollmentId}/enrollParticipant/1` } });
    await end(gone, { outcome: 'withdrawn', stage: 'casebook', reason: 'decided_by_participant' });
    await end(await enrolled(trial), { outcome: 'active', stage: 'activation' });
    const left = await enrolled(trial);
    await end(left, { outcome: 'active', stage: 'activation' });
    await end(left, { outcome: 'withdrawn', stage: 'activation', scope: 'interventions' }, 11);
    const telling = await enrolled(trial);
    const progress = { stage: 'activation' as const, needsAttention: true, stuckStep: 'notices', awaiting: null };
    await world.service.recordProgress({ ctx, key: key(), input: { identity: telling, revision: 6, ...progress } });

    const { flow, ...counts } = await summaryOf(trial.studyId);
    expect(flow).toEqual({
      asOf: NOW.toISOString(),
      randomises: false,
      assessed: 16,
      excluded: {
        total: 12,
        refusedBeforeSigning: { total: 3, byReason: { declined_to_participate: 2, not_meeting_criteria: 0, other: 1 } },
        screenFailed: {
          total: 3,
          byCriterion: [{ code: 'I01', text: 'Age 18 or over', count: 2 }, { code: 'E03', text: 'eGFR below 30', count: 1 }],
          withoutCriterion: 1,
        },
        declined: 1,
        expired: { total: 2, byReason: { screening_window: 1, eligibility_signature: 0, reconsent_deadline: 0, other: 1 } },
        capReached: 1,
        withdrawn: 1,
        voided: 1,
      },
      inProgress: { total: 1, byStage: { consent: 1 } },
      entered: { total: 3, randomised: 0, notRandomised: 3, withdrawn: 1, followedUp: 1, active: 1, activating: 1 },
    });
    expectSums(flow);
    expect(counts).toEqual({
      total: 13,
      byStage: { consent: 1, screening: 5, eligibility: 2, slot: 1, casebook: 1, activation: 3 },
      byOutcome: { screen_failed: 3, declined: 1, expired: 2, cap_reached: 1, voided: 1, withdrawn: 2, active: 1 },
    });
  });

  it('counts who was randomised by the allocations, whatever became of them, and never says an arm', async () => {
    const trial = await createTrial(world, randomising(ARMS));
    const all = await Promise.all(Array.from({ length: 5 }, () => enrolled(trial)));
    const [active, withdrawn, fresh, waiting, early] = all as [EnrollmentIdentity, EnrollmentIdentity, EnrollmentIdentity, EnrollmentIdentity, EnrollmentIdentity];
    for (const identity of [active, withdrawn, fresh]) await randomise(world, identity);
    await end(active, { outcome: 'active', stage: 'activation' });
    await end(withdrawn, { outcome: 'withdrawn', stage: 'randomisation' });
    await end(early, { outcome: 'withdrawn', stage: 'randomisation' });
    const summary = await summaryOf(trial.studyId);
    expect(summary.flow).toMatchObject({
      randomises: true,
      assessed: 5,
      excluded: { total: 1, withdrawn: 1 },
      inProgress: { total: 1, byStage: { enrollment: 1 } },
      entered: { total: 3, randomised: 3, notRandomised: 0, withdrawn: 1, followedUp: 0, active: 1, activating: 1 },
    });
    expectSums(summary.flow);
    expect(waiting.enrollmentId).not.toBe(fresh.enrollmentId);
    expect(summary.flow).not.toHaveProperty('arms');
    expect(JSON.stringify(summary)).not.toMatch(/VERUM|PLACEBO/);
  });

  it('is all 0 for a study that nobody was asked for', async () => {
    const trial = await createTrial(world, SCREENED);
    const { flow, ...counts } = await summaryOf(trial.studyId);
    expectSums(flow);
    expect([flow.assessed, flow.excluded.total, flow.inProgress.total, flow.entered.total]).toEqual([0, 0, 0, 0]);
    expect(counts).toEqual({ total: 0, byStage: {}, byOutcome: {} });
  });

  it('adds up for every stage and outcome with and without an allocation, even those that no step would record', async () => {
    const trial = await createTrial(world, randomising(ARMS));
    const rows = STAGES.flatMap((stage) => ['open', ...OUTCOMES].flatMap((outcome) => [true, false].map((allocated) => ({ id: uuidv7(), stage, outcome, allocated }))));
    await insertRows(trial, rows);
    const stratum = uuidv7();
    const { sql } = world.database;
    await sql`insert into study.randomisation_strata values (${stratum}, ${trial.protocolVersionId}, 'all', 1, 1, 1)`;
    await sql`
      insert into study.allocations (id, enrollment_id, stratum_id, position, strata, confirmed_by, actor, at)
      select gen_random_uuid(), id, ${stratum}, row_number() over (), '{}', 'inv-7', '{}', now()
      from unnest(${rows.filter(({ allocated }) => allocated).map(({ id }) => id)}::uuid[]) as id`;
    const { flow } = await summaryOf(trial.studyId);
    expect(flow.assessed).toBe(rows.length);
    expect(flow.entered.randomised).toBe(rows.length / 2);
    expectSums(flow);
  });

  it('counts only the sites that are asked for, and none when there are none', async () => {
    const trial = await createTrial(world, SCREENED);
    const elsewhere = { ...trial, siteId: uuidv7() };
    await failed(trial, { age: 17, egfr: 90 });
    await refuse(trial, 'other');
    await refuse(elsewhere, 'other');
    await refuse(elsewhere, 'other');
    await insertRows(elsewhere, [{ id: uuidv7(), stage: 'screening', outcome: 'screen_failed' }]);
    const seen = async (siteIds?: string[]) => {
      const { flow, total } = await summaryOf(trial.studyId, siteIds);
      expectSums(flow);
      const { refusedBeforeSigning, screenFailed } = flow.excluded;
      return [total, flow.assessed, refusedBeforeSigning.total, screenFailed.total, screenFailed.byCriterion.length, screenFailed.withoutCriterion];
    };
    expect(await seen()).toEqual([2, 5, 3, 2, 1, 1]);
    expect(await seen([trial.siteId])).toEqual([1, 2, 1, 1, 1, 0]);
    expect(await seen([elsewhere.siteId])).toEqual([1, 3, 2, 1, 0, 1]);
    expect(await seen([])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('is of one moment, whatever is recorded meanwhile', async () => {
    const trial = await createTrial(world, SCREENED);
    const done = new AbortController();
    const writer = async () => {
      for (let n = 0; n < 400; n += 1) await insertRows(trial, [{ id: uuidv7(), stage: 'screening', outcome: 'screen_failed' }]);
      done.abort();
    };
    const reader = async () => {
      while (!done.signal.aborted) {
        const { total, withoutCriterion } = (await summaryOf(trial.studyId)).flow.excluded.screenFailed;
        expect(withoutCriterion).toBe(total);
      }
    };
    await Promise.all([writer(), reader(), reader()]);
  });
});

async function insertRows(trial: Trial, rows: { id: string; stage: string; outcome: string }[]): Promise<void> {
  const { sql } = world.database;
  await sql`
    insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
      content_hash, stage, status, outcome, revision, created_at, updated_at)
    select row.id, ${trial.studyId}, ${trial.studyCode}, ${trial.siteId}, ${trial.siteCode}, row.id, ${trial.protocolVersionId},
      row.id::text, ${'a'.repeat(64)}, row.stage, 'candidate', row.outcome, 1, now(), now()
    from jsonb_to_recordset(${sql.json(rows)}) as row (id uuid, stage text, outcome text)`;
}
