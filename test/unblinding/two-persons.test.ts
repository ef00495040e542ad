// Study on a real database, its clock in our hand.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../services/common/index.ts';
import { isStudyUnblinded } from '../../services/study/unblinding/is-study-unblinded.ts';
import { enrolledMany } from '../randomisation/world.ts';
import { createWorld, ctx as coordinator, key, NOW, type World } from '../services/study/fixture.ts';
import { ARM, as, blindedText, randomisedTrial } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());
beforeEach(() => {
  world.now.at = NOW;
});

const SPONSOR = as('sponsor', 'spo-1');
const MONITOR = as('medical-monitor', 'med-1');
const request = (studyId: string, enrollmentId?: string, { by = SPONSOR, under = key() } = {}) =>
  world.service.requestUnblinding({ ctx: by, key: under, input: { studyId, reason: 'safety board', ...(enrollmentId ? { scope: 'subject' as const, enrollmentId } : { scope: 'study' as const }) } });
const approve = (studyId: string, unblindingId: string, { by = MONITOR, under = key() } = {}) =>
  world.service.approveUnblinding({ ctx: by, key: under, input: { studyId, unblindingId } });
const arm = (enrollmentId: string, role: Role, id = `${role}-9`) => world.service.getTreatmentAssignment({ ctx: as(role, id), input: { enrollmentId } });
const unblinded = (studyId: string) => isStudyUnblinded(world.database.connect('study').orm, studyId);
const flowArms = async (studyId: string) => (await world.service.enrollmentSummary({ ctx: coordinator, input: { studyId } })).flow.arms;
const milestones = async (enrollmentId: string) =>
  (await world.service.enrollmentTimeline({ ctx: coordinator, input: { enrollmentId } })).items.filter(({ event }) => event === 'TREATMENT UNBLINDED');

describe('unblinding by two persons', () => {
  it('of the study opens the arm to those who may look then, and not before somebody else has approved', async () => {
    const { trial: { studyId }, people: [one] } = await randomisedTrial(world, 1);
    const { enrollmentId } = one!;
    const asked = await request(studyId);
    expect(asked).toMatchObject({ status: 'requested', scope: 'study', requestedBy: { userId: 'spo-1' }, approvedBy: null });
    await expect(arm(enrollmentId, 'investigator')).rejects.toMatchObject({ code: 'still_blinded' });
    await expect(approve(studyId, asked.unblindingId, { by: as('medical-monitor', 'spo-1') })).rejects.toMatchObject({ code: 'approves_own_request' });
    expect(await unblinded(studyId)).toBe(false);
    expect(await flowArms(studyId), 'pooled').toBeUndefined();
    expect(await approve(studyId, asked.unblindingId)).toMatchObject({ status: 'approved', approvedBy: { userId: 'med-1', role: 'medical-monitor' } });
    expect(await unblinded(studyId)).toBe(true);
    expect(await flowArms(studyId)).toEqual([{ code: ARM, allocated: 1, withdrawn: 0, active: 0 }]);
    for (const role of ['investigator', 'sponsor', 'monitor', 'medical-monitor'] as const) expect(await arm(enrollmentId, role)).toMatchObject({ arm: ARM });
    await expect(approve(studyId, asked.unblindingId, { by: as('statistician', 'sta-1') })).rejects.toMatchObject({ code: 'already_approved' });
  });

  it('of a subject opens that arm to the two named there and to nobody else, and is in the timeline', async () => {
    const { trial: { studyId }, people: [one, two] } = await randomisedTrial(world, 2);
    const { enrollmentId } = one!;
    const { unblindingId } = await request(studyId, enrollmentId);
    await expect(arm(enrollmentId, 'sponsor', 'spo-1')).rejects.toMatchObject({ code: 'still_blinded' });
    expect(await milestones(enrollmentId)).toEqual([]);
    await approve(studyId, unblindingId);
    expect(await arm(enrollmentId, 'sponsor', 'spo-1')).toMatchObject({ arm: ARM, enrollmentId });
    expect(await arm(enrollmentId, 'medical-monitor', 'med-1')).toMatchObject({ arm: ARM });
    for (const [id, role] of [['spo-2', 'sponsor'], ['inv-7', 'investigator'], ['mon-1', 'monitor']] as const) {
      await expect(arm(enrollmentId, role, id)).rejects.toMatchObject({ code: 'still_blinded' });
    }
    await expect(arm(two!.enrollmentId, 'sponsor', 'spo-1')).rejects.toMatchObject({ code: 'still_blinded' });
    expect(await unblinded(studyId)).toBe(false);
    expect(await milestones(enrollmentId)).toMatchObject([{ actor: { id: 'med-1' }, details: { unblindingId, category: 'OTHER EVENT', emergency: false } }]);
  });

  it('expires: a minute before seven days it can be approved, at seven days it can not', async () => {
    const { trial: { studyId } } = await randomisedTrial(world, 0);
    const [early, late] = [await request(studyId), await request(studyId)];
    expect(late.expiresAt).toBe(new Date(NOW.getTime() + 7 * 86_400_000).toISOString());
    world.now.at = new Date(NOW.getTime() + 7 * 86_400_000 - 60_000);
    expect(await approve(studyId, early.unblindingId)).toMatchObject({ status: 'approved' });
    world.now.at = new Date(NOW.getTime() + 7 * 86_400_000);
    await expect(approve(studyId, late.unblindingId)).rejects.toMatchObject({ code: 'unblinding_expired' });
    const first = await world.service.listUnblindings({ ctx: coordinator, input: { studyId, limit: 1 } });
    const second = await world.service.listUnblindings({ ctx: coordinator, input: { studyId, limit: 1, cursor: first.nextCursor! } });
    expect([...first.items, ...second.items].map(({ unblindingId, status }) => [unblindingId, status])).toEqual([[late.unblindingId, 'expired'], [early.unblindingId, 'approved']]);
    expect(second.nextCursor).toBeNull();
  });

  it('takes one request and one approval under their keys, whatever is repeated, and of two who approve at once one', async () => {
    const { trial: { studyId }, people: [one] } = await randomisedTrial(world, 1);
    const [asking, approving] = [key(), key()];
    const asked = await Promise.all(Array.from({ length: 20 }, () => request(studyId, one!.enrollmentId, { under: asking })));
    const { unblindingId } = asked[0]!;
    const approved = await Promise.all(Array.from({ length: 20 }, () => approve(studyId, unblindingId, { under: approving })));
    world.now.at = new Date(NOW.getTime() + 30 * 86_400_000);
    for (const again of [...asked, await request(studyId, one!.enrollmentId, { under: asking })]) expect(again).toEqual(asked[0]);
    for (const again of [...approved, await approve(studyId, unblindingId, { under: approving })]) expect(again).toEqual(approved[0]);
    expect(await milestones(one!.enrollmentId)).toHaveLength(1);
    expect((await world.service.listUnblindings({ ctx: coordinator, input: { studyId, limit: 50 } })).items).toHaveLength(1);

    const other = await request(studyId);
    const both = await Promise.allSettled([approve(studyId, other.unblindingId), approve(studyId, other.unblindingId, { by: as('statistician', 'sta-1') })]);
    expect(both.find(({ status }) => status === 'fulfilled')).toBeDefined();
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'already_approved' } });
  });

  it('is not asked for somebody of another study or without an allocation, nor approved by another study', async () => {
    const [{ trial: here }, { trial: there, people: [stranger] }] = [await randomisedTrial(world, 0), await randomisedTrial(world, 1)];
    const [unrandomised] = await enrolledMany(world, here, 1);
    await expect(request(here.studyId, stranger!.enrollmentId)).rejects.toMatchObject({ code: 'enrollment_not_found' });
    await expect(request(here.studyId, unrandomised!.enrollmentId)).rejects.toMatchObject({ code: 'not_randomised' });
    const { unblindingId } = await request(here.studyId);
    await expect(approve(there.studyId, unblindingId)).rejects.toMatchObject({ code: 'unblinding_not_found' });
  });
});

describe('the treatment assignment', () => {
  it('is shown to the unblinded roles, each look audited, and not before there is one', async () => {
    const { trial, people: [one] } = await randomisedTrial(world, 1);
    const [unrandomised] = await enrolledMany(world, trial, 1);
    const { enrollmentId } = one!;
    for (const role of ['pharmacist', 'statistician'] as const) {
      expect(await arm(enrollmentId, role)).toMatchObject({ arm: ARM });
      await expect(arm(unrandomised!.enrollmentId, role)).rejects.toMatchObject({ code: 'treatment_assignment_not_found' });
    }
    const audit = await world.database.sql`select actor, action from study.audit_entries where entity = 'treatment_assignment' and entity_id = ${enrollmentId} order by id`;
    expect(audit).toMatchObject([{ action: 'R', actor: { id: 'pharmacist-9' } }, { action: 'R', actor: { id: 'statistician-9' } }]);
  });

  it('tells a blinded role nothing, not even whether there is one', async () => {
    const { trial, people: [one] } = await randomisedTrial(world, 1);
    const [unrandomised] = await enrolledMany(world, trial, 1);
    const said = await Promise.all([one!, unrandomised!].map(({ enrollmentId }) => arm(enrollmentId, 'investigator').catch((error: unknown) => JSON.stringify(error))));
    expect(said[0]).toBe(said[1]);
    expect(said[0]).toContain('still_blinded');
  });

  it('is in no ledger row, audit row, timeline or record of all this', async () => {
    const text = await blindedText(world);
    expect(text).toContain('approveUnblinding');
    expect(text).not.toContain(ARM);
    // The ledger holds ids only: reasons and printed names stay in their own table.
    const ledger = JSON.stringify(await world.database.sql`select result from study.command_keys where verb in ('requestUnblinding', 'approveUnblinding')`);
    for (const kept of ['safety board', 'Printed']) expect(ledger).not.toContain(kept);
  });
});
