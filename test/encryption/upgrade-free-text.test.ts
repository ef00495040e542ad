// Real: PostgreSQL, the migrations, the Study and EDC services. Stand-ins: the services that these ask.
//
// An installation of before the free text was sealed: rows as they were written then, and the upgrade on them.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type ServiceDatabase } from '../../db/index.ts';
import { type EdcService, edcService } from '../../services/edc/index.ts';
import { protocolBody } from '../../services/study/protocol-schema.ts';
import { decisionSha256 } from '../../services/study/eligibility/decision-signature.ts';
import { studyService, type StudyService } from '../../services/study/index.ts';
import { TRUSTING } from '../support/commands.ts';
import { inPlain } from '../support/plain.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { type Installation, installationAt } from './installation.ts';

const ctx = { actor: { kind: 'user', id: 'crc-1', name: 'Lin Hua', role: 'coordinator' }, requestId: 'test' } as const;
const actor = { kind: 'user', id: 'crc-1', name: 'Lin Hua', role: 'coordinator' };
const at = new Date('2026-03-01T08:00:00.000Z');
const said: string[] = [];
/** Whatever a text may have in it is kept exactly. */
const words = (what: string) => {
  const text = `  Q${what}${said.length}MARK\n– “原话” \\x41 'it''s' {"a": 1} % ${'é'.repeat(300)} `;
  said.push(`Q${what}${said.length}MARK`);
  return text;
};

describe('Study', () => {
  let before: Installation;
  let db: ServiceDatabase;
  let study: StudyService;
  const [studyId, siteId, versionId] = [uuidv7(), uuidv7(), uuidv7()];
  const ids = { declined: uuidv7(), window: uuidv7(), otherwise: uuidv7(), open: uuidv7() };
  const [declined, otherwise, approved, invalidated] = [words('Declined'), words('Otherwise'), words('Approved'), words('Invalidated')];
  const texts = { logged: words('Logged'), milestone: words('Milestone'), deviation: words('Deviation'), signed: words('Signed'), meaning: words('Meaning'), broken: words('Broken'), corrected: words('Corrected'), subject: words('Subject'), whole: words('Whole') };
  const [decisionId, subject, whole] = [uuidv7(), uuidv7(), uuidv7()];
  const MANY = 1100;

  beforeAll(async () => {
    before = await installationAt('study', '0009_audit_append_only');
    const { sql } = before;
    const signed = { round: 1, decision: 'eligible', reason: texts.signed, meaning: texts.meaning, sha256: null };
    const recordSha256 = decisionSha256({ decisionId, enrollmentId: ids.declined, ...signed, signer: { userId: 'inv-7', name: 'Wang Min' }, signedAt: at.toISOString() });
    await sql`insert into study.studies ${sql({ id: studyId, code: 'ONC-1', title: 'A trial', status: 'active', created_at: at })}`;
    const about = { study_id: studyId, study_code: 'ONC-1', site_id: siteId, site_code: 'BJ-1', protocol_version_id: versionId, content_hash: 'a', stage: 'screening', status: 'candidate', revision: 1, created_at: at, updated_at: at };
    const row = (id: string, outcome: string, reason: string | null) => ({ ...about, id, patient_id: uuidv7(), request_key: id, outcome, outcome_reason: reason });
    await sql`insert into study.enrollments ${sql([row(ids.declined, 'declined', declined), row(ids.window, 'expired', 'screening_window'), row(ids.otherwise, 'expired', otherwise), row(ids.open, 'open', null)])}`;
    await sql`insert into study.screening_log ${sql({ enrollment_id: ids.declined, study_id: studyId, site_id: siteId, subject_number: 'BJ-1-0001', opened_at: at, closed_at: at, outcome: 'declined', reason: texts.logged })}`;
    const milestone = (details: object) => sql`insert into study.milestones ${sql({ id: uuidv7(), enrollment_id: ids.declined, at, event: 'X', stage: 'screening', actor: sql.json(actor), details: sql.json(details as never) })}`;
    await milestone({ decisionId, by: { userId: 'inv-7', name: 'Wang Min' }, reason: texts.milestone });
    await milestone({ meaning: texts.meaning, decision: 'eligible' });
    await milestone({ reason: null, scope: null });
    await milestone({});
    // Many, so that the step comes to its third part.
    await sql`insert into study.milestones select gen_random_uuid(), ${ids.window}, now(), 'X', 'screening', ${sql.json(actor)}, jsonb_build_object('reason', 'QmanyMARK ' || n, 'n', n) from generate_series(1, ${MANY}::int) n`;
    said.push('QmanyMARK');
    await sql`insert into study.deviations ${sql({ id: uuidv7(), enrollment_id: ids.declined, category: 'x', severity: 'minor', description: texts.deviation, actor: sql.json(actor), at })}`;
    await sql`insert into study.eligibility_decisions ${sql({ id: decisionId, enrollment_id: ids.declined, ...signed, signer_user_id: 'inv-7', signer_name: 'Wang Min', signed_at: at, record_sha256: recordSha256, invalidated_at: at, invalidated_by_user_id: 'inv-7', invalidated_by_name: 'Wang Min', invalidated_reason: invalidated })}`;
    const by = { user_id: 'inv-7', name: 'Wang Min', role: 'investigator', at };
    await sql`insert into study.code_breaks ${sql({ id: uuidv7(), enrollment_id: ids.declined, result: 'refused', reason: texts.broken, ...by })}`;
    await sql`insert into study.baseline_corrections ${sql({ id: uuidv7(), enrollment_id: ids.declined, strata: sql.json({}), reason: texts.corrected, deviation_id: uuidv7(), actor: sql.json(actor), at })}`;
    await sql`insert into study.unblindings ${sql([{ id: subject, study_id: studyId, scope: 'subject', enrollment_id: ids.declined, reason: texts.subject, ...by }, { id: whole, study_id: studyId, scope: 'study', enrollment_id: null, reason: texts.whole, ...by }])}`;
    await sql`insert into study.unblinding_approvals ${sql([{ unblinding_id: subject, reason: null, ...by }, { unblinding_id: whole, reason: approved, ...by }])}`;
    expect(await inPlain(sql, 'study', said)).not.toEqual([]);

    await Promise.all([before.upgrade(), before.upgrade()]);
    db = connectDatabase({ url: before.url, schema: 'study', secrets: TEST_SECRETS });
    const nobody = async () => { throw new Error('not asked here'); };
    study = studyService({ commands: TRUSTING, db, clock: () => at, patient: { consentInForce: nobody }, site: { getActivation: nobody }, edc: { screeningResultsOf: nobody } });
  }, 60_000);
  afterAll(async () => {
    await db.close();
    await before.drop();
  });

  it('of before reads as it did, each text exactly', async () => {
    const reasonOf = async (enrollmentId: string) => (await study.getEnrollment({ ctx, input: { enrollmentId } }))?.outcomeReason;
    expect(await Promise.all(Object.values(ids).map(reasonOf))).toEqual([declined, 'screening_window', otherwise, null]);
    expect((await study.listScreeningLog({ ctx, input: { studyId, siteId, limit: 5 } })).items).toMatchObject([{ reason: texts.logged }]);
    const { items } = await study.enrollmentTimeline({ ctx, input: { enrollmentId: ids.declined } });
    expect(items.map(({ details }) => details)).toEqual([
      { decisionId, by: { userId: 'inv-7', name: 'Wang Min' }, reason: texts.milestone }, { meaning: texts.meaning, decision: 'eligible' }, { reason: null, scope: null }, {},
    ]);
    const many = await study.enrollmentTimeline({ ctx, input: { enrollmentId: ids.window } });
    expect(many.items.filter(({ details }) => details['reason'] === `QmanyMARK ${String(details['n'])}`)).toHaveLength(MANY);
    expect((await study.listDeviations({ ctx, input: { enrollmentId: ids.declined, limit: 5 } })).items).toMatchObject([{ description: texts.deviation }]);
    expect((await study.listUnblindings({ ctx, input: { studyId, limit: 5 } })).items).toMatchObject([{ reason: texts.whole, approvalReason: approved }, { reason: texts.subject, approvalReason: null }]);
  });

  it('of before has signatures that hold, as what they are bound to reads as it did', async () => {
    const { decisions } = await study.getEligibility({ ctx, input: { enrollmentId: ids.declined } });
    expect(decisions).toMatchObject([{ reason: texts.signed, meaning: texts.meaning, valid: true, invalidated: { reason: invalidated } }]);
  });

  it('of before is counted as it was', async () => {
    const { flow } = await study.enrollmentSummary({ ctx, input: { studyId } });
    expect(flow.excluded.expired).toEqual({ total: 2, byReason: { screening_window: 1, eligibility_signature: 0, reconsent_deadline: 0, other: 1 } });
  });

  it('of before has nothing of it in plain in any row, and keys for those only of whom something was written', async () => {
    expect(await inPlain(before.sql, 'study', said)).toEqual([]);
    const owners = (await before.sql`select owner from study.data_keys`).map(({ owner }) => owner as string);
    expect(owners.toSorted()).toEqual([ids.declined, ids.window, ids.otherwise, 'service'].toSorted());
  });
});

describe('EDC', () => {
  let before: Installation;
  let db: ServiceDatabase;
  let edc: EdcService;
  const identity = { enrollmentId: uuidv7(), studyId: uuidv7(), siteId: uuidv7(), protocolVersionId: uuidv7() };
  const [corrected, closed] = [words('Corrected'), words('Closed')];

  beforeAll(async () => {
    before = await installationAt('edc', '0005_audit_append_only');
    const { sql } = before;
    const about = { enrollment_id: identity.enrollmentId, study_id: identity.studyId, site_id: identity.siteId, protocol_version_id: identity.protocolVersionId };
    const screeningId = uuidv7();
    await sql`insert into edc.screenings ${sql({ id: screeningId, ...about, subject_number: 'S1-0001', consent_signed_at: at, items: sql.json(['AGE']), status: 'closed', status_reason: closed, opened_at: at, closed_at: at })}`;
    const entry = { screening_id: screeningId, item: 'AGE', performed_at: at, standard_of_care: false, entered_at: at, entered_by: sql.json(actor) };
    const [one, two] = [uuidv7(), uuidv7()];
    await sql`insert into edc.screening_results ${sql([{ id: one, entry: 1, value: 40, reason: null, replaces: null, current: false, ...entry }, { id: two, entry: 2, value: 41, reason: corrected, replaces: one, current: true, ...entry }])}`;
    await sql`insert into edc.casebooks ${sql({ id: uuidv7(), ...about, subject_number: 'S1-0001', status: 'closed', status_reason: 'enrollment_undone', timezone: 'Europe/Berlin', opened_at: at, closed_at: at })}`;
    await sql`insert into edc.epro_schedules ${sql({ id: uuidv7(), ...about, status: 'off', status_reason: 'enrollment_undone', timezone: 'Europe/Berlin', started_at: at, stopped_at: at })}`;
    await before.upgrade();
    db = connectDatabase({ url: before.url, schema: 'edc', secrets: TEST_SECRETS });
    const body = protocolBody.parse({ version: '1.0', effectiveAt: '2026-01-01T00:00:00Z', slotTimeToLive: 'P3D', reconsentDeadline: 'P14D', visits: [] });
    edc = edcService({
      commands: TRUSTING, db, clock: () => at,
      patient: { consentInForce: async () => ({ inForce: true }) },
      study: { getProtocol: async ({ input: { protocolVersionId } }) => ({ protocolVersionId, studyId: uuidv7(), version: '1.0', effectiveAt: '2026-01-01T00:00:00Z', body }) },
      site: { getSite: async ({ input: { siteId } }) => ({ id: siteId, siteId, code: 'S1', name: 'Site', address: null, timezone: 'Europe/Berlin', createdAt: '2026-01-01T00:00:00Z' }) },
    });
  }, 60_000);
  afterAll(async () => {
    await db.close();
    await before.drop();
  });

  it('of before reads as it did, and has nothing of it in plain in any row', async () => {
    expect((await edc.screeningResultsOf({ ctx, input: identity }))?.results.map(({ reason }) => reason)).toEqual([corrected, null]);
    expect(await inPlain(before.sql, 'edc', said)).toEqual([]);
    expect(await before.sql`select owner from edc.data_keys`).toEqual([{ owner: identity.enrollmentId }]);
  });

  it('of before opens again what was closed with an undone enrollment', async () => {
    const anchorAt = at.toISOString();
    expect(await edc.openCasebook({ ctx, key: uuidv7(), input: { ...identity, subjectNumber: 'S1-0001', anchorAt } })).toMatchObject({ visits: 0 });
    expect(await edc.startEpro({ ctx, key: uuidv7(), input: { ...identity, anchorAt } })).toMatchObject({ forms: 0 });
  });
});
