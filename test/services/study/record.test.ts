import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrial, createWorld, ctx, enroll, identityOf, key, NOW, open, type World } from './fixture.ts';
import type { RecordOutcome, RecordProgress } from '../../../services/study/types.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

type Identity = ReturnType<typeof identityOf>;
const record = ({ enrollmentId }: Identity) => world.service.getEnrollment({ ctx, input: { enrollmentId } });
const progress = (identity: Identity, revision: number, given: Partial<RecordProgress> = {}) =>
  world.service.recordProgress({
    ctx,
    key: key(),
    input: { identity, revision, stage: 'slot', needsAttention: false, stuckStep: null, awaiting: null, ...given },
  });
const outcome = (identity: Identity, revision: number, given: Partial<RecordOutcome> = {}) =>
  world.service.recordOutcome({ ctx, key: key(), input: { identity, revision, outcome: 'voided', stage: 'slot', reason: 'aborted', ...given } });

describe('the record of an enrollment', () => {
  it('never goes back to an older revision, in whatever order reports arrive', async () => {
    const identity = identityOf(await createTrial(world));
    expect(await progress(identity, 4, { stage: 'casebook' })).toEqual({ applied: true });
    expect(await progress(identity, 3, { stage: 'slot' })).toEqual({ applied: false });
    expect(await progress(identity, 4, { stage: 'slot' })).toEqual({ applied: false });
    expect(await record(identity)).toMatchObject({ stage: 'casebook', status: 'pending-on-study', revision: 4 });
    const together = await Promise.all([7, 5, 9, 6, 8].map((revision) => progress(identity, revision, { stuckStep: `step${revision}` })));
    expect(together.some((answer) => answer.applied)).toBe(true);
    expect(await record(identity)).toMatchObject({ revision: 9, stuckStep: 'step9' });
  });

  it('shows what is awaited, from whom and until when, and forgets it when the wait ends', async () => {
    const identity = identityOf(await createTrial(world));
    const awaiting = { what: 'resolve', who: 'operator', until: '2026-11-25T00:00:00.000Z' };
    await progress(identity, 1, { needsAttention: true, stuckStep: 'reserveSlot', awaiting });
    expect(await record(identity)).toMatchObject({ needsAttention: true, stuckStep: 'reserveSlot', awaiting });
    await progress(identity, 2);
    expect(await record(identity)).toMatchObject({ needsAttention: false, stuckStep: null, awaiting: null });
  });

  it('keeps the place of a newer report when the opening arrives after it, and still gets its number', async () => {
    const identity = identityOf(await createTrial(world));
    await progress(identity, 5, { stage: 'consent', needsAttention: true, stuckStep: 'openEnrollment' });
    expect(await open(world.service, identity, 1)).toMatchObject({ opened: true });
    expect(await record(identity)).toMatchObject({ needsAttention: true, revision: 5, subjectNumber: `${identity.siteCode}-0001` });
  });

  it('is never taken over by another study, site, person, protocol or request', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    const other = identityOf(await createTrial(world), { enrollmentId: identity.enrollmentId });
    await expect(progress(other, 9)).rejects.toMatchObject({ code: 'enrollment_mismatch' });
    const sameRequest = identityOf(await createTrial(world), { requestKey: identity.requestKey });
    await expect(open(world.service, sameRequest)).rejects.toMatchObject({ code: 'request_key_taken' });
  });
});

describe('an outcome', () => {
  it('ends the enrollment and closes its line of the screening log', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    await progress(identity, 2, { needsAttention: true, stuckStep: 'reserveSlot', awaiting: { what: 'resolve', who: 'operator', until: null } });
    expect(await outcome(identity, 3, { outcome: 'cap_reached', reason: 'cap_reached' })).toEqual({ status: 'not-registered' });
    expect(await record(identity)).toMatchObject({ outcome: 'cap_reached', status: 'not-registered', needsAttention: false, awaiting: null, revision: 3 });
    const { studyId, siteId } = identity;
    const { items: [line] } = await world.service.listScreeningLog({ ctx, input: { studyId, siteId, limit: 5 } });
    expect(line).toMatchObject({ enrollmentId: identity.enrollmentId, outcome: 'cap_reached', reason: 'cap_reached', closedAt: NOW.toISOString() });
  });

  it('is recorded before any other step, and the opening that comes late is refused without a number', async () => {
    const trial = await createTrial(world);
    const identity = identityOf(trial);
    expect(await outcome(identity, 1, { outcome: 'declined', stage: 'consent', reason: null })).toEqual({ status: 'not-registered' });
    await expect(open(world.service, identity, 2)).rejects.toMatchObject({ code: 'enrollment_closed', retryable: false });
    expect(await record(identity)).toMatchObject({ outcome: 'declined', subjectNumber: null });
    expect(await open(world.service, identityOf(trial))).toMatchObject({ subjectNumber: `${identity.siteCode}-0001` });
  });

  it('stays when a report overtaken by it arrives', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    await outcome(identity, 6);
    expect(await progress(identity, 5, { needsAttention: true })).toEqual({ applied: false });
    expect(await progress(identity, 7, { needsAttention: true, stuckStep: 'sendNotice' })).toEqual({ applied: true });
    expect(await record(identity)).toMatchObject({ outcome: 'voided', status: 'not-registered', needsAttention: true });
    await expect(enroll(world.service, identity, 8)).rejects.toMatchObject({ code: 'enrollment_closed' });
  });

  it('is active only for who is enrolled, and only a withdrawal follows it', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    await expect(outcome(identity, 2, { outcome: 'active' })).rejects.toMatchObject({ code: 'out_of_order' });
    await enroll(world.service, identity, 2);
    expect(await outcome(identity, 3, { outcome: 'active', stage: 'activation', reason: null })).toEqual({ status: 'on-study' });
    await expect(outcome(identity, 4, { outcome: 'voided' })).rejects.toMatchObject({ code: 'outcome_final' });
    expect(await outcome(identity, 4, { outcome: 'withdrawn', stage: 'activation', scope: 'interventions', reason: 'moved' })).toEqual({ status: 'follow-up' });
    expect(await outcome(identity, 5, { outcome: 'withdrawn', stage: 'activation', scope: 'all_data_collection' })).toEqual({ status: 'withdrawn' });
    await expect(outcome(identity, 6, { outcome: 'active' })).rejects.toMatchObject({ code: 'outcome_final' });
  });

  it('repeated gives the same answer; another one with an older revision is refused, never lost in silence', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    const call = { ctx, key: key(), input: { identity, revision: 5, outcome: 'expired', stage: 'slot', reason: null } as const };
    const answers = await Promise.all([world.service.recordOutcome(call), world.service.recordOutcome({ ...call, input: { ...call.input, revision: 6 } })]);
    expect(answers).toEqual([{ status: 'not-registered' }, { status: 'not-registered' }]);
    expect(await outcome(identity, 4, { outcome: 'expired' })).toEqual({ status: 'not-registered' });
    await expect(outcome(identity, 4, { outcome: 'voided' })).rejects.toMatchObject({ code: 'revision_behind' });
  });

  it('of a refused opening may be said more exactly by its workflow', async () => {
    const trial = await createTrial(world);
    const first = identityOf(trial);
    await open(world.service, first);
    const refused = identityOf(trial, { patientId: first.patientId });
    await open(world.service, refused);
    expect(await outcome(refused, 2, { outcome: 'declined' })).toEqual({ status: 'not-registered' });
    expect(await record(refused)).toMatchObject({ outcome: 'declined' });
  });

  it('is counted with its stage', async () => {
    const trial = await createTrial(world);
    const [first, second] = [identityOf(trial), identityOf(trial)];
    await Promise.all([open(world.service, first), open(world.service, second)]);
    await outcome(second, 2, { outcome: 'expired' });
    const { studyId, siteId } = trial;
    const counts = async (scope: { siteIds?: string[] } = {}) => {
      const { flow: _flow, ...counted } = await world.service.enrollmentSummary({ ctx, input: { studyId, ...scope } });
      return counted;
    };
    const summary = { byStage: { consent: 1, slot: 1 }, byOutcome: { expired: 1 }, total: 2 };
    expect(await counts()).toEqual(summary);
    expect(await counts({ siteIds: [siteId] })).toEqual(summary);
    expect(await counts({ siteIds: [] })).toEqual({ byStage: {}, byOutcome: {}, total: 0 });
  });
});

describe('a deviation', () => {
  it('is logged with who and when, also before the record is there, and listed newest first', async () => {
    const { enrollmentId } = identityOf(await createTrial(world));
    const log = (description: string) =>
      world.service.logDeviation({ ctx, key: key(), input: { enrollmentId, category: 'consent', severity: 'major', description } });
    const { deviationId } = await log('Version 3.0 was signed after 3.1 had become effective');
    await log('Second');
    const page = await world.service.listDeviations({ ctx, input: { enrollmentId, limit: 1 } });
    expect(page.items).toMatchObject([{ description: 'Second', actor: { id: 'coord-1' }, at: NOW.toISOString() }]);
    const rest = await world.service.listDeviations({ ctx, input: { enrollmentId, limit: 1, cursor: page.nextCursor ?? '' } });
    expect(rest).toMatchObject({ items: [{ deviationId, category: 'consent', severity: 'major' }], nextCursor: null });
  });
});
