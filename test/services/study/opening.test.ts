import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addConsentVersion, addPrincipal, CONSENT, createTrial, createWorld, ctx, enroll, identityOf, key, open, PROTOCOL, SIGNED_AT, type World } from './fixture.ts';
import { auditOf } from '../../support/audit.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const record = (enrollmentId: string) => world.service.getEnrollment({ ctx, input: { enrollmentId } });
const logLines = (enrollmentId: string) => world.database.sql`select * from study.screening_log where enrollment_id = ${enrollmentId}`;

describe('opening an enrollment', () => {
  it('gives a subject number, writes record, log line and milestone, and audits who did it', async () => {
    const identity = identityOf(await createTrial(world));
    const { enrollmentId, siteCode } = identity;
    expect(await open(world.service, identity)).toEqual({ opened: true, subjectNumber: `${siteCode}-0001` });
    expect(await record(enrollmentId)).toMatchObject({
      enrollmentId,
      stage: 'consent',
      status: 'candidate',
      outcome: null,
      subjectNumber: `${siteCode}-0001`,
      consentId: enrollmentId,
      revision: 1,
    });
    expect(await logLines(enrollmentId)).toMatchObject([{ subject_number: `${siteCode}-0001`, closed_at: null }]);
    const { items } = await world.service.enrollmentTimeline({ ctx, input: { enrollmentId } });
    expect(items).toMatchObject([{ at: SIGNED_AT, event: 'INFORMED CONSENT OBTAINED', stage: 'consent', actor: { id: 'coord-1' } }]);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity_id = ${enrollmentId}`);
    expect(audit).toMatchObject([{ action: 'C', actor: { id: 'coord-1' } }]);
  });

  it('gives the same number to a repetition, also with a higher revision', async () => {
    const identity = identityOf(await createTrial(world));
    const answers = await Promise.all([open(world.service, identity), open(world.service, identity), open(world.service, identity, 5)]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const again = { identity, revision: 6, consentId: identity.enrollmentId, signedAt: SIGNED_AT };
    expect(await world.service.openEnrollment({ ctx, key: key(), input: again })).toEqual(answers[0]);
    expect(await logLines(identity.enrollmentId)).toHaveLength(1);
  });

  it('opens one of two at once for the same person and study, and voids the other without a number', async () => {
    for (let round = 0; round < 10; round++) {
      const trial = await createTrial(world);
      const patientId = uuidv7();
      const pair = [identityOf(trial, { patientId }), identityOf(trial, { patientId, siteId: round % 2 ? uuidv7() : trial.siteId })];
      if (round % 2) await world.service.addInvestigator({ ctx, key: key(), input: { studyId: trial.studyId, siteId: pair[1]!.siteId, userId: 'inv-8', name: 'Zhao', email: 'z@hospital.example', role: 'principal' } });
      const answers = await Promise.all(pair.map((identity) => open(world.service, identity)));
      expect(answers.filter((answer) => answer.opened)).toHaveLength(1);
      const refused = answers.findIndex((answer) => !answer.opened);
      expect(answers[refused]).toEqual({ opened: false, reason: 'already_enrolled', missing: [] });
      const { enrollmentId } = pair[refused]!;
      expect(await record(enrollmentId)).toMatchObject({ outcome: 'voided', status: 'not-registered', outcomeReason: 'already_enrolled', subjectNumber: null });
      expect(await logLines(enrollmentId)).toHaveLength(0);
    }
  });

  it('numbers 30 concurrent openings without a gap and without a double, refusals in between notwithstanding', async () => {
    const trial = await createTrial(world);
    const busy = identityOf(trial);
    await open(world.service, busy);
    const openings = Array.from({ length: 30 }, () => open(world.service, identityOf(trial)));
    const refusals = Array.from({ length: 5 }, () => open(world.service, identityOf(trial, { patientId: busy.patientId })));
    const broken = Array.from({ length: 5 }, () => open(world.service, identityOf(trial, { requestKey: busy.requestKey })));
    const [answers] = await Promise.all([Promise.all(openings), Promise.all(refusals), Promise.allSettled(broken)]);
    expect(answers.map((answer) => answer.opened && answer.subjectNumber).toSorted()).toEqual(
      Array.from({ length: 30 }, (_, index) => `${trial.siteCode}-${String(index + 2).padStart(4, '0')}`),
    );
    await expect(open(world.service, identityOf(trial))).resolves.toEqual({ opened: true, subjectNumber: `${trial.siteCode}-0032` });
  });

  it('counts each site on its own, and follows the pattern of the protocol', async () => {
    const trial = await createTrial(world, { ...PROTOCOL, subjectNumberPattern: '{study}/{site}-{sequence:2}' });
    const elsewhere = { ...trial, siteId: uuidv7(), siteCode: 'SH-2' };
    await world.service.addInvestigator({ ctx, key: key(), input: { studyId: trial.studyId, siteId: elsewhere.siteId, userId: 'inv-8', name: 'Zhao', email: 'z@hospital.example', role: 'principal' } });
    expect(await open(world.service, identityOf(trial))).toMatchObject({ subjectNumber: `${trial.studyCode}/${trial.siteCode}-01` });
    expect(await open(world.service, identityOf(elsewhere))).toMatchObject({ subjectNumber: `${trial.studyCode}/SH-2-01` });
    expect(await open(world.service, identityOf(trial))).toMatchObject({ subjectNumber: `${trial.studyCode}/${trial.siteCode}-02` });
  });

  it('is refused, with what is missing, when the study closed, the protocol is not its own or the site has no principal investigator', async () => {
    const trial = await createTrial(world);
    const other = await createTrial(world);
    const noPrincipal = identityOf(trial, { siteId: uuidv7() });
    expect(await open(world.service, noPrincipal)).toEqual({ opened: false, reason: 'not_admissible', missing: ['principal_investigator'] });
    const foreign = identityOf(trial, { protocolVersionId: other.protocolVersionId });
    expect(await open(world.service, foreign)).toMatchObject({ opened: false, missing: ['protocol_version'] });
    await world.database.sql`update study.studies set status = 'closed-to-accrual' where id = ${trial.studyId}`;
    expect(await open(world.service, identityOf(trial))).toMatchObject({ opened: false, missing: ['study_not_open'] });
  });

  it('lets the person in again once the enrollment before has ended', async () => {
    const trial = await createTrial(world);
    const first = identityOf(trial);
    await open(world.service, first);
    await world.service.recordOutcome({ ctx, key: key(), input: { identity: first, revision: 2, outcome: 'screen_failed', stage: 'screening', reason: 'E03' } });
    const again = identityOf(trial, { patientId: first.patientId, rescreenOf: first.enrollmentId });
    expect(await open(world.service, again)).toEqual({ opened: true, subjectNumber: `${trial.siteCode}-0002` });
  });
});

describe('opening for a re-screening', () => {
  const fail = async (identity: ReturnType<typeof identityOf>, outcome: 'screen_failed' | 'expired' | 'declined' = 'screen_failed') => {
    await open(world.service, identity);
    await world.service.recordOutcome({ ctx, key: key(), input: { identity, revision: 2, outcome, stage: 'screening', reason: null } });
  };
  const SCREENED = { ...PROTOCOL, screening: { windowDays: 28, maxRescreens: 1 } };

  it('is refused once the re-screenings of the protocol are used up, at whatever site', async () => {
    const trial = await createTrial(world, SCREENED);
    const elsewhere = { ...trial, siteId: uuidv7(), siteCode: 'SH-3' };
    await addPrincipal(world.service, elsewhere);
    const patientId = uuidv7();
    await fail(identityOf(trial, { patientId }));
    await fail(identityOf(trial, { patientId }), 'declined');
    await fail(identityOf(elsewhere, { patientId }), 'expired');
    const last = identityOf(trial, { patientId });
    expect(await open(world.service, last)).toEqual({ opened: false, reason: 'not_admissible', missing: ['rescreens_used_up'] });
    expect(await record(last.enrollmentId)).toMatchObject({ outcome: 'voided', subjectNumber: null });
    expect(await open(world.service, identityOf(trial))).toMatchObject({ opened: true });
  });

  it('is not limited by a protocol that does not screen', async () => {
    const trial = await createTrial(world);
    const patientId = uuidv7();
    for (let time = 0; time < 3; time++) await fail(identityOf(trial, { patientId }));
    expect(await open(world.service, identityOf(trial, { patientId }))).toMatchObject({ opened: true });
  });
});

describe('cancelling an opening', () => {
  const cancel = (identity: ReturnType<typeof identityOf>) =>
    world.service.cancelOpening({ ctx, key: key(), input: { stepKey: `${identity.enrollmentId}/openEnrollment/1`, identity, revision: 9 } });

  it('refuses the opening that arrives after it', async () => {
    const identity = identityOf(await createTrial(world));
    expect(await cancel(identity)).toEqual({ opened: false });
    await expect(open(world.service, identity)).rejects.toMatchObject({ code: 'command_cancelled', retryable: false });
    expect(await cancel(identity)).toEqual({ opened: false });
    expect(await record(identity.enrollmentId)).toBeNull();
    expect(await logLines(identity.enrollmentId)).toHaveLength(0);
  });

  it('keeps number and log line of an opening that took effect, and says so each time', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    expect(await cancel(identity)).toEqual({ opened: true });
    expect(await cancel(identity)).toEqual({ opened: true });
    expect(await logLines(identity.enrollmentId)).toHaveLength(1);
    expect((await record(identity.enrollmentId))?.subjectNumber).not.toBeNull();
    await expect(open(world.service, identity)).rejects.toMatchObject({ code: 'command_cancelled' });
  });

  it('racing the opening, either sees it or refuses it', async () => {
    const trial = await createTrial(world);
    for (let round = 0; round < 10; round++) {
      const identity = identityOf(trial);
      const [opening, cancelled] = await Promise.allSettled([open(world.service, identity), cancel(identity)]);
      expect(cancelled).toMatchObject({ status: 'fulfilled', value: { opened: opening.status === 'fulfilled' } });
    }
  });
});

describe('enrolling and voiding', () => {
  const voidIt = (identity: ReturnType<typeof identityOf>, revision = 3) =>
    world.service.voidEnrolling({ ctx: { ...ctx, reason: 'no casebook' }, key: key(), input: { stepKey: `${identity.enrollmentId}/enrollParticipant/1`, identity, revision } });

  it('enrols once, after the opening only', async () => {
    const identity = identityOf(await createTrial(world));
    await expect(enroll(world.service, identity)).rejects.toMatchObject({ code: 'out_of_order', details: { requires: 'openEnrollment' } });
    await open(world.service, identity);
    const enrolled = await enroll(world.service, identity);
    expect(await enroll(world.service, identity, 7)).toEqual(enrolled);
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'enrollment', status: 'pending-on-study', revision: 2 });
  });

  it('refuses the enrolling that arrives after its voiding', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    expect(await voidIt(identity)).toEqual({ undone: false });
    await expect(enroll(world.service, identity)).rejects.toMatchObject({ code: 'command_cancelled' });
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'consent', revision: 1 });
  });

  it('voids what took effect, once, and leaves its trace; a later round may enrol again', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    await enroll(world.service, identity);
    expect(await voidIt(identity)).toEqual({ undone: true });
    expect(await voidIt(identity)).toEqual({ undone: true });
    await expect(enroll(world.service, identity)).rejects.toMatchObject({ code: 'command_cancelled' });
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'slot', status: 'eligible', revision: 3 });
    const events = async () => (await world.service.enrollmentTimeline({ ctx, input: identity })).items.map((item) => item.event);
    expect(await events()).toEqual(['INFORMED CONSENT OBTAINED', 'ENTERED INTO TRIAL', 'ENROLLMENT VOIDED']);
    const second = { ctx, key: `${identity.enrollmentId}/enrollParticipant/2`, input: { identity, revision: 4 } };
    await world.service.enrollParticipant(second);
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'enrollment', revision: 4 });
  });

  it('is held by a newer consent version, writing nothing but the key, until that one is signed', async () => {
    const trial = await createTrial(world);
    const identity = identityOf(trial);
    await open(world.service, identity);
    await addConsentVersion(world, trial);
    await addConsentVersion(world, trial, { version: '3.1', effectiveAt: '2026-07-01T00:00:00.000Z' });
    const attempt = (round: number, consent = CONSENT) =>
      world.service.enrollParticipant({ ctx, key: `${identity.enrollmentId}/enrollParticipant/${round}`, input: { identity, revision: 2, consent } });
    const held = { held: 'consent_superseded', version: '3.1' };
    expect(await attempt(1)).toEqual(held);
    expect(await attempt(1, { ...CONSENT, version: '3.1' })).toEqual(held);
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'consent', revision: 1 });
    expect(await voidIt(identity)).toEqual({ undone: false });
    const { items } = await world.service.enrollmentTimeline({ ctx, input: identity });
    expect(items.map((item) => item.event)).toEqual(['INFORMED CONSENT OBTAINED']);
    expect(await attempt(2, { ...CONSENT, version: '3.1' })).toMatchObject({ enrolledAt: expect.any(String) });
  });

  it('voids also when a newer report has moved the record, without moving it back', async () => {
    const identity = identityOf(await createTrial(world));
    await open(world.service, identity);
    await enroll(world.service, identity);
    await world.service.recordProgress({ ctx, key: key(), input: { identity, revision: 8, stage: 'casebook', needsAttention: true, stuckStep: 'openCasebook', awaiting: null } });
    expect(await voidIt(identity)).toEqual({ undone: true });
    expect(await record(identity.enrollmentId)).toMatchObject({ stage: 'casebook', needsAttention: true, revision: 8 });
    const [row] = await world.database.sql`select enrolled_at, enrollment_voided_at from study.enrollments where id = ${identity.enrollmentId}`;
    expect(row).toMatchObject({ enrolled_at: expect.any(Date), enrollment_voided_at: expect.any(Date) });
  });
});
