import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../enrollment/faults.ts';
import { expectLegible } from '../enrollment/legible.ts';
import { caller, directStudy, type DirectStudy } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

// Real: everything. Whoever is responsible is told by mail, once, without a name, a reason or an identifier.
let at: TestSystem;
let study: DirectStudy;
beforeAll(async () => {
  at = await startTestSystem();
  study = await directStudy(at, { cap: 50 });
});
afterAll(() => at.stop());

/** Long lines are wrapped on the wire (quoted-printable). */
const mailsAbout = async (about: string) =>
  (await at.mailbox.messages()).map((mail) => ({ ...mail, raw: mail.raw.replaceAll(/=\r?\n/g, '') })).filter(({ raw }) => raw.includes(about));

it('the privacy officer is told of an emergency access, once, also when it happened while the engine was away', async () => {
  const patientId = await study.register();
  const doctor = await caller(at, 'clinician', { id: 'er-1', sites: ['ELSEWHERE'] });
  const key = randomUUID();
  const body = { patientId, reason: 'unconscious after a fall from 张三’s ladder' };
  expect((await doctor.post('/patients/break-glass', body, key)).status).toBe(201);
  expect((await doctor.post('/patients/break-glass', body, key)).status).toBe(201);
  await eventually('the mail is there', async () => (await mailsAbout(patientId)).length > 0);
  await eventually('it is marked', async () => (await at.database.sql`select 1 from patient.emergency_accesses where patient_id = ${patientId} and told_at is null`).length === 0);
  const mails = await mailsAbout(patientId);
  expect(mails).toHaveLength(1);
  expect(mails[0]!.to).toContain('privacy@trial.example');
  expect(JSON.stringify(mails)).not.toMatch(/张三|ladder|er-1/);
});

it('privacy officer and operators are told of misused signatures, of many about one thing by one mail', async () => {
  const about = randomUUID();
  await at.database.sql`insert into study.misuses ${at.database.sql(Array.from({ length: 30 }, () => ({ id: randomUUID(), about, operation: 'decideEligibility', why: 'missing', via: 'study', user_id: 'victim-1', role: 'investigator', at: new Date() })))}`;
  await eventually('they are marked', async () => (await at.database.sql`select 1 from study.misuses where about = ${about} and told_at is null`).length === 0);
  const mails = await mailsAbout(about);
  expect(mails.map(({ to }) => String(to)).toSorted()).toEqual([expect.stringContaining('ops@trial.example'), expect.stringContaining('privacy@trial.example')]);
  expect(mails[0]!.raw).toContain('Refused 30 times');
  expect(JSON.stringify(mails)).not.toContain('victim-1');
});

it('what tells them is legible in the Temporal UI', async () => {
  expect(await expectLegible(at)).toMatchObject({ activities: 4 });
});
