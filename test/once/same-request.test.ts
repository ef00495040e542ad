// Real: PostgreSQL, Temporal, SMTP, the REST API over HTTP. No stand-ins.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { type Answer, directStudy, type DirectStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { insist } from './insist.ts';
import { tallyOf } from './tally.ts';

const TIMES = 20;
const many = <T>(send: () => Promise<Answer<T>>) => Promise.all(Array.from({ length: TIMES }, () => insist(send)));
const ids = (answers: Answer<EnrollmentBody>[]) => [...new Set(answers.map(({ body }) => body.enrollmentId))];

let at: TestSystem;
beforeAll(async () => {
  at = await startTestSystem();
});
afterAll(async () => {
  await expectInvariants(at);
  await at.stop();
});

/** All runs that were ever started for this person in this study. */
async function runsOf(study: DirectStudy, patientId: string): Promise<number> {
  const query = `WorkflowId = "enrollment/${study.studyCode}/${patientId}"`;
  return (await at.system.client.workflow.count(query)).count;
}

describe('the same POST /enrollments', { timeout: 90_000 }, () => {
  it('has one effect when it comes 20 times at once, again right after completion, and under new keys', async () => {
    const study = await directStudy(at);
    const patientId = await study.register();
    const key = randomUUID();
    const body = study.body(patientId);
    const post = (under: string, content: unknown = body) => study.clinician.post<EnrollmentBody>('/enrollments', content, under);

    const first = await many(() => post(key));
    for (const { status } of first) expect([201, 202]).toContain(status);
    const [enrollmentId = ''] = ids(first);
    expect(ids(first)).toHaveLength(1);
    for (const { headers } of first) expect(headers.get('location')).toBe(`/api/v1/enrollments/${enrollmentId}`);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active', 30_000);

    const again = await many(() => post(key));
    expect(ids(again)).toEqual([enrollmentId]);
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([201]));
    const otherKeys = await many(() => post(randomUUID()));
    expect(ids(otherKeys)).toEqual([enrollmentId]);
    expect(new Set(otherKeys.map(({ status }) => status))).toEqual(new Set([200]));

    const otherContent = { ...body, canRead: false };
    expect(await post(key, otherContent)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
    expect(await post(randomUUID(), otherContent)).toMatchObject({ status: 409, body: { code: 'already_enrolled' } });

    await expect.poll(() => runsOf(study, patientId), { timeout: 10_000 }).toBe(1);
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({
      confirmed: 1, reserved: 0, outcomes: { active: 1 }, consents: 1, casebooksOpen: 1, subjectNumbers: [`${study.siteCode}-0001`], enrolledNotices: 1,
    });
  });

  it('has one effect when equal content comes under 20 different keys at once', async () => {
    const study = await directStudy(at);
    const patientId = await study.register();
    const body = study.body(patientId);
    const keys = Array.from({ length: TIMES }, () => randomUUID());
    const answers = await Promise.all(keys.map((key) => insist(() => study.clinician.post<EnrollmentBody>('/enrollments', body, key))));
    for (const { status } of answers) expect([200, 201, 202]).toContain(status);
    const [enrollmentId = ''] = ids(answers);
    expect(ids(answers)).toHaveLength(1);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    expect(await runsOf(study, patientId)).toBe(1);
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ confirmed: 1, outcomes: { active: 1 }, consents: 1 });
  });

  it('takes one of 20 different contents at once, and refuses the others', async () => {
    const study = await directStudy(at);
    const patientId = await study.register();
    const contents = Array.from({ length: TIMES }, (_, minute) => study.body(patientId, { copyGiven: { at: new Date(Date.now() - minute * 60_000).toISOString(), how: 'paper' } }));
    const answers = await Promise.all(contents.map((content) => {
      const key = randomUUID();
      return insist(() => study.clinician.post<EnrollmentBody>('/enrollments', content, key));
    }));
    const taken = answers.filter(({ status }) => status < 300);
    expect(ids(taken)).toHaveLength(1);
    expect(taken).toHaveLength(1);
    for (const refused of answers.filter(({ status }) => status >= 300)) {
      expect(refused).toMatchObject({ status: 409, body: { code: expect.stringMatching(/^(other_content|already_enrolled)$/) } });
    }
    await study.until(ids(taken)[0] ?? '', ({ outcome }) => outcome === 'active', 30_000);
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ confirmed: 1, outcomes: { active: 1 }, consents: 1 });
  });

  it('answers a refused one alike under its key, with one consent recorded', async () => {
    const study = await directStudy(at, { cap: 1 });
    const winner = await study.enrol(await study.register());
    await study.until(winner.body.enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    const body = study.body(await study.register());
    const key = randomUUID();
    const refused = await many(() => study.clinician.post<EnrollmentBody>('/enrollments', body, key));
    for (const answer of refused) expect(answer).toMatchObject({ status: 409, body: { code: 'cap_reached' } });
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ consents: 2, consentsOfEnrollments: 1, outcomes: { active: 1 } });
  });
});

describe('the same POST /patients', { timeout: 60_000 }, () => {
  const person = (siteId: string) => ({ name: 'Test Person', identifiers: [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }], siteId });
  const idOf = ({ body }: Answer) => String((body['patientInfo'] as Record<string, unknown>)['id']);

  it('registers one person when it comes 20 times at once under one key', async () => {
    const study = await directStudy(at);
    const body = person(study.siteId);
    const key = randomUUID();
    const answers = await many(() => study.clinician.post('/patients', body, key));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    const other = await study.clinician.post('/patients', { ...body, name: 'Somebody Else' }, key);
    expect(other).toMatchObject({ status: 409, body: { code: 'key_reused' } });
  });

  it('registers one person when one identifier comes under 20 keys at once', async () => {
    const study = await directStudy(at);
    const body = person(study.siteId);
    const answers = await Promise.all(Array.from({ length: TIMES }, () => randomUUID()).map((key) => insist(() => study.clinician.post('/patients', body, key))));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(TIMES - 1);
    const rows = await at.database.sql`select id from patient.patients where ${study.siteId} = any(site_ids)`;
    expect(rows).toHaveLength(1);
  });
});

describe('the same message to an enrollment', { timeout: 60_000 }, () => {
  it('withdraws once when it comes 20 times at once under one key', async () => {
    const study = await directStudy(at);
    const { body } = await study.enrol(await study.register());
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    const key = randomUUID();
    const answers = await many(() => study.withdraw(body.enrollmentId, 'interventions', key));
    for (const { status } of answers) expect([200, 202]).toContain(status);
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'withdrawn', 30_000);
    expect((await study.withdraw(body.enrollmentId, 'interventions', key)).status).toBe(200);
    expect(await study.withdraw(body.enrollmentId, 'samples', key)).toMatchObject({ status: 409, body: { code: 'key_reused' } });
    expect(await study.withdraw(body.enrollmentId, 'interventions')).toMatchObject({ status: 409, body: { code: 'already_withdrawn' } });
    const told = await at.database.sql`select 1 from notification.messages where enrollment_id = ${body.enrollmentId} and kind = 'withdrawn'`;
    expect(told.length).toBe(1);
  });

  it('resolves a parked step once when it comes 20 times at once under one key', async () => {
    const study = await directStudy(at, { doctorEmail: 'doctor@mailbox-full.example', protocol: { epro: undefined } });
    const { body } = await study.enrol(await study.register());
    await study.until(body.enrollmentId, ({ stuckStep }) => stuckStep === 'notices', 30_000);
    const key = randomUUID();
    const answers = await many(() => study.resolve(body.enrollmentId, 'skip', key));
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: { enrollmentId: body.enrollmentId } });
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    const run = at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${String((await study.get(body.enrollmentId)).body['patientId'])}`);
    const { events } = await run.fetchHistory();
    const accepted = (events ?? []).filter(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update?.acceptedRequest?.input?.name === 'resolveStep');
    expect(accepted).toHaveLength(1);
  });
});
