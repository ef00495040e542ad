import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newConsentVersion, newDelegation, newStudy } from '../../../services/study/index.ts';
import type { ConsentValidity, JudgeConsent } from '../../../services/study/types.ts';
import { createTrial, createWorld, ctx, key, NOW, type Trial, type World } from './fixture.ts';
import { auditOf } from '../../support/audit.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const SHA = '0'.repeat(64);
const at = (day: number, ms = 0) => new Date(Date.UTC(2026, 5, day) + ms).toISOString();

const addVersion = ({ studyId, siteId }: Trial, version: string, effectiveDay: number, given: object = {}) =>
  world.service.addConsentVersion({
    ctx,
    key: key(),
    input: { studyId, siteId, version, language: 'zh-CN', approvedAt: at(1), effectiveAt: at(effectiveDay), documentSha256: SHA, ...given },
  });

const judge = async ({ studyId, siteId }: Trial, given: Partial<JudgeConsent>): Promise<ConsentValidity> => {
  const input = { studyId, siteId, version: '3.0', language: 'zh-CN', documentSha256: SHA, signedAt: at(15), discusserUserId: 'inv-7', ...given };
  return (await world.service.judgeConsent({ ctx, input })).validity;
};

describe('a study', () => {
  it('is found by id and by code; its code is unique; lists are paged and scoped', async () => {
    const { studyId, studyCode } = await createTrial(world);
    const study = await world.service.getStudy({ ctx, input: { studyId } });
    expect(study).toMatchObject({ studyId, code: studyCode, status: 'active', phase: null });
    expect(await world.service.getStudyByCode({ ctx, input: { code: studyCode } })).toEqual(study);
    expect(await world.service.getStudyByCode({ ctx, input: { code: 'NONE' } })).toBeNull();
    await expect(world.service.createStudy({ ctx, key: key(), input: { code: studyCode, title: 'x' } })).rejects.toMatchObject({ code: 'study_code_taken' });
    const { studyId: newer } = await createTrial(world);
    const page = await world.service.listStudies({ ctx, input: { limit: 1 } });
    expect(page.items.map((item) => item.studyId)).toEqual([newer]);
    const next = await world.service.listStudies({ ctx, input: { limit: 1, cursor: page.nextCursor ?? '' } });
    expect(next.items.map((item) => item.studyId)).toEqual([studyId]);
    const scoped = await world.service.listStudies({ ctx, input: { limit: 9, studyIds: [studyId] } });
    expect(scoped.items.map((item) => item.studyId)).toEqual([studyId]);
    expect((await world.service.listStudies({ ctx, input: { limit: 9, studyIds: [] } })).items).toEqual([]);
  });

  it('cannot be added under the key of another one', async () => {
    const reused = key();
    await world.service.createStudy({ ctx, key: reused, input: { code: `A-${uuidv7().slice(-8)}`, title: 'x' } });
    await expect(world.service.createStudy({ ctx, key: reused, input: { code: 'B-2', title: 'x' } })).rejects.toMatchObject({ code: 'key_reused' });
  });

  it('has bodies that are strict', () => {
    expect(newStudy.safeParse({ code: 'A 1', title: 'x' }).success).toBe(false);
    expect(newStudy.safeParse({ code: 'A1', title: 'x', extra: 1 }).success).toBe(false);
    const version = { version: '1', siteId: uuidv7(), language: 'zh-CN', approvedAt: at(2), effectiveAt: at(2), documentSha256: SHA };
    expect(newConsentVersion.safeParse(version).success).toBe(true);
    expect(newConsentVersion.safeParse({ ...version, effectiveAt: at(1) }).success).toBe(false);
    expect(newConsentVersion.safeParse({ ...version, appliesTo: 'new' }).success).toBe(true);
    expect(newConsentVersion.safeParse({ ...version, appliesTo: 'some' }).success).toBe(false);
    expect(newConsentVersion.safeParse({ ...version, language: 'Chinese' }).success).toBe(false);
    const delegation = { userId: 'sub-1', siteId: uuidv7(), tasks: ['consent'], from: at(2) };
    expect(newDelegation.safeParse(delegation).success).toBe(true);
    expect(newDelegation.safeParse({ ...delegation, to: at(2) }).success).toBe(false);
    expect(newDelegation.safeParse({ ...delegation, tasks: [] }).success).toBe(false);
  });
});

describe('the judgement of a consent version', () => {
  it('holds from when the version is effective until just before the next one is', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await addVersion(trial, '3.1', 20);
    expect(await judge(trial, { signedAt: at(10, -1) })).toBe('version_not_approved');
    expect(await judge(trial, { signedAt: at(10) })).toBe('valid');
    expect(await judge(trial, { signedAt: at(20, -1) })).toBe('valid');
    expect(await judge(trial, { signedAt: at(20) })).toBe('version_not_approved');
    expect(await judge(trial, { version: '3.1', signedAt: at(20, -1) })).toBe('version_not_approved');
    expect(await judge(trial, { version: '3.1', signedAt: at(20) })).toBe('valid');
  });

  it('puts a version that was added late between its neighbours', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await addVersion(trial, '4.0', 20);
    await addVersion(trial, '3.5', 15);
    expect(await judge(trial, { signedAt: at(15) })).toBe('version_not_approved');
    expect(await judge(trial, { version: '3.5', signedAt: at(15) })).toBe('valid');
    expect(await judge(trial, { version: '3.5', signedAt: at(20) })).toBe('version_not_approved');
    expect(await judge(trial, { version: '4.0', signedAt: at(20) })).toBe('valid');
    const rows = (await auditOf(world.database.sql, 'study', world.database.sql`verb = 'addConsentVersion' and action = 'U'`)).slice(-1);
    expect(rows).toMatchObject([{ before: { supersededAt: at(20) }, after: { supersededAt: at(15) } }]);
  });

  it('is of that site, that language and that very document', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await addVersion(trial, '3.0', 12, { language: 'en' });
    expect(await judge(trial, { signedAt: at(13) })).toBe('valid');
    expect(await judge(trial, { language: 'en', signedAt: at(11) })).toBe('version_not_approved');
    expect(await judge(trial, { language: 'fr' })).toBe('version_not_approved');
    expect(await judge(trial, { documentSha256: '1'.repeat(64) })).toBe('version_not_approved');
    expect(await judge({ ...trial, siteId: uuidv7() }, {})).toBe('version_not_approved');
  });

  it('knows one version of a name, and one at a time, also when two are added at once', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await expect(addVersion(trial, '3.0', 12)).rejects.toMatchObject({ code: 'consent_version_exists' });
    await expect(addVersion(trial, '3.1', 10)).rejects.toMatchObject({ code: 'consent_version_overlaps' });
    await Promise.all([addVersion(trial, '3.2', 14), addVersion(trial, '3.3', 16), addVersion(trial, '3.4', 18)]);
    const rows = await world.database.sql`
      select version, effective_at, superseded_at from study.consent_versions where study_id = ${trial.studyId} order by effective_at`;
    expect(rows.map((row) => row['superseded_at'])).toEqual([...rows.slice(1).map((row) => row['effective_at']), null]);
    await expect(addVersion({ ...trial, studyId: uuidv7() }, '1', 10)).rejects.toMatchObject({ code: 'study_not_found' });
  });
});

describe('a consent version that somebody has signed', () => {
  const currency = ({ studyId, siteId }: Trial, version = '3.0', language = 'zh-CN') =>
    world.service.consentIsCurrent({ ctx, input: { studyId, siteId, version, language } });
  const superseded = (version: string) => ({ current: false, version });

  it('is current until a newer one of its site and language is effective', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '2.0', 5);
    await addVersion(trial, '3.0', 10);
    expect(await currency(trial)).toEqual({ current: true });
    expect(await currency(trial, '2.0')).toEqual(superseded('3.0'));
    await addVersion(trial, '3.1', 12, { language: 'en' });
    await addVersion({ ...trial, siteId: uuidv7() }, '3.1', 12);
    await addVersion(trial, '3.1', 20, { effectiveAt: new Date(NOW.getTime() + 1).toISOString() });
    expect(await currency(trial)).toEqual({ current: true });
    world.now.at = new Date(NOW.getTime() + 1);
    expect(await currency(trial)).toEqual(superseded('3.1'));
    world.now.at = NOW;
  });

  it('stays current when the newer one is for new participants only, though nobody can sign it any more', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await addVersion(trial, '3.1', 12, { appliesTo: 'new' });
    expect(await currency(trial)).toEqual({ current: true });
    expect(await judge(trial, { signedAt: at(12) })).toBe('version_not_approved');
    await addVersion(trial, '3.2', 14, { appliesTo: 'all' });
    expect(await currency(trial)).toEqual(superseded('3.2'));
    expect(await currency(trial, '3.1')).toEqual(superseded('3.2'));
  });

  it('is to be replaced by the one that can be signed now, also when that is for new participants', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await addVersion(trial, '3.1', 12);
    await addVersion(trial, '3.2', 14, { appliesTo: 'new' });
    expect(await currency(trial)).toEqual(superseded('3.2'));
    expect(await judge(trial, { version: '3.2', signedAt: at(15) })).not.toBe('version_not_approved');
    expect(await currency(trial, '3.1')).toEqual({ current: true });
  });

  it('that the site does not know is older than any', async () => {
    const trial = await createTrial(world);
    expect(await currency(trial)).toEqual({ current: true });
    await addVersion(trial, '3.1', 12);
    expect(await currency(trial)).toEqual(superseded('3.1'));
  });
});

describe('the judgement of who held the discussion', () => {
  const delegate = ({ studyId, siteId }: Trial, given: { tasks?: string[]; to?: string } = {}) =>
    world.service.addDelegation({ ctx, key: key(), input: { studyId, siteId, userId: 'nurse-1', tasks: ['consent'], from: at(12), ...given } });

  it('takes an investigator of that site, and nobody without a delegation', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    expect(await judge(trial, { discusserUserId: 'inv-7' })).toBe('valid');
    expect(await judge(trial, { discusserUserId: 'inv-8' })).toBe('not_delegated');
    expect(await judge(trial, { discusserUserId: null })).toBe('not_delegated');
  });

  it('takes a delegation of this task from its start until just before its end', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await delegate(trial, { to: at(18) });
    const by = (signedAt: string) => judge(trial, { discusserUserId: 'nurse-1', signedAt });
    expect(await by(at(12, -1))).toBe('not_delegated');
    expect(await by(at(12))).toBe('valid');
    expect(await by(at(18, -1))).toBe('valid');
    expect(await by(at(18))).toBe('not_delegated');
    expect(await judge({ ...trial, siteId: uuidv7() }, { discusserUserId: 'nurse-1' })).toBe('version_not_approved');
  });

  it('takes no delegation of another task', async () => {
    const trial = await createTrial(world);
    await addVersion(trial, '3.0', 10);
    await delegate(trial, { tasks: ['eligibility', 'unblinding'] });
    expect(await judge(trial, { discusserUserId: 'nurse-1' })).toBe('not_delegated');
  });

  it('holds until the delegation is ended, whose end does not move when it is ended again', async () => {
    const trial = await createTrial(world);
    const { studyId } = trial;
    await addVersion(trial, '3.0', 10);
    const { delegationId } = await delegate(trial);
    const signedBy = (signedAt: Date) => judge(trial, { discusserUserId: 'nurse-1', signedAt: signedAt.toISOString() });
    await world.service.endDelegation({ ctx, key: key(), input: { studyId, delegationId } });
    world.now.at = new Date(NOW.getTime() + 60_000);
    await world.service.endDelegation({ ctx, key: key(), input: { studyId, delegationId } });
    world.now.at = NOW;
    expect(await signedBy(new Date(NOW.getTime() - 1))).toBe('valid');
    expect(await signedBy(NOW)).toBe('not_delegated');
    const foreign = { studyId: uuidv7(), delegationId };
    await expect(world.service.endDelegation({ ctx, key: key(), input: foreign })).rejects.toMatchObject({ code: 'delegation_not_found' });
  });
});

describe('who is told', () => {
  it('is corrected by adding the same user again, with both values in the audit trail', async () => {
    const { studyId, siteId } = await createTrial(world);
    const investigator = { studyId, siteId, userId: 'inv-7', name: 'Wang Min', email: 'new@hospital.example', role: 'principal' as const };
    const first = await world.service.addInvestigator({ ctx, key: key(), input: investigator });
    const contact = { studyId, userId: 'sp-1', name: 'Sponsor', email: 'a@sponsor.example', role: 'sponsor' as const };
    const added = await world.service.addContact({ ctx, key: key(), input: contact });
    expect(await world.service.addContact({ ctx, key: key(), input: { ...contact, email: 'b@sponsor.example' } })).toEqual(added);
    const { items } = await world.service.listRecipients({ ctx, input: { studyId, siteId, roles: ['principal', 'sponsor'] } });
    expect(items).toEqual([
      { userId: 'inv-7', role: 'principal', name: 'Wang Min', email: 'new@hospital.example' },
      { userId: 'sp-1', role: 'sponsor', name: 'Sponsor', email: 'b@sponsor.example' },
    ]);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`action = 'U' and entity_id in (${first.investigatorId}, ${added.contactId})`);
    expect(audit).toMatchObject([
      { before: { email: 'inv-7@hospital.example' }, after: { email: 'new@hospital.example' } },
      { before: { email: 'a@sponsor.example' }, after: { email: 'b@sponsor.example' } },
    ]);
  });

  it('are the contacts of the site and of all sites, in the roles asked for, once each', async () => {
    const { studyId, siteId } = await createTrial(world);
    const add = (userId: string, role: 'coordinator' | 'monitor', email: string, site?: string) =>
      world.service.addContact({ ctx, key: key(), input: { studyId, userId, name: userId, email, role, ...(site ? { siteId: site } : {}) } });
    await add('c-1', 'coordinator', 'site@x.example', siteId);
    await add('c-1', 'coordinator', 'all@x.example');
    await add('c-2', 'coordinator', 'c2@x.example', uuidv7());
    await add('m-1', 'monitor', 'm@x.example');
    const told = async (roles: string[]) => (await world.service.listRecipients({ ctx, input: { studyId, siteId, roles } })).items.map((item) => item.email);
    expect(await told(['coordinator'])).toEqual(['site@x.example']);
    expect(await told(['monitor', 'coordinator'])).toEqual(['site@x.example', 'm@x.example']);
    expect(await told(['pharmacist'])).toEqual([]);
  });
});
