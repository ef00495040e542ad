import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Mailbox, startMailbox } from '../../../runtime/embedded/mailbox.ts';
import type { Ctx } from '../../../services/common/index.ts';
import { createMailer, type Mailer, notificationService, type NotificationDeps, type SendNotice } from '../../../services/notification/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

// Real: PostgreSQL, SMTP over loopback, nodemailer. Stand-ins: what Study and Patient answer.
const ctx: Ctx = { actor: { kind: 'service', service: 'test' }, requestId: 'test' };
const people: Record<string, string> = { principal: 'pi@site.example', coordinator: 'crc@site.example', sponsor: 'sponsor@pharma.example', 'medical-monitor': 'mm@pharma.example', 'privacy-officer': 'dpo@pharma.example' };
const patientEmail = 'zhang.san@home.example';
const PERSONAL = /zhang|张|San|inv-pi|@/i;

let database: TestDatabase;
let mailbox: Mailbox;
let refused: Set<string>;
let deps: NotificationDeps;
const mailers: Mailer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  refused = new Set();
  mailbox = await startMailbox({ refuse: (address) => refused.has(address) });
  deps = {
    db: database.connect('notification'),
    clock: () => new Date(),
    mailer: mailerTo(mailbox.smtpUrl),
    privacyEmail: 'privacy@trial.example', opsEmail: 'ops@trial.example',
    study: {
      listRecipients: async ({ input }) => ({
        items: input.roles.flatMap((role) => (people[role] ? [{ userId: `inv-${role}`, role, name: 'Name', email: people[role] }] : [])),
      }),
    },
    patient: { contactOf: async () => ({ email: patientEmail }) },
  };
});
afterAll(async () => {
  for (const mailer of mailers) mailer.close();
  await mailbox.stop();
  await database.drop();
});

function mailerTo(smtpUrl: string): Mailer {
  const mailer = createMailer({ smtpUrl, from: 'Trial <trial@enrollment.example>', timeoutMs: 1500 });
  mailers.push(mailer);
  return mailer;
}

const notice = (more: Partial<SendNotice> = {}): SendNotice => ({
  kind: 'enrolled',
  enrollmentId: uuidv7(),
  studyId: uuidv7(),
  studyCode: 'ONC-101',
  siteId: uuidv7(),
  siteCode: 'BJ01',
  patientId: uuidv7(),
  subjectNumber: 'BJ01-0001',
  details: {},
  ...more,
});
const newKey = () => `notify/${randomBytes(6).toString('hex')}`;
const send = (key: string, input: SendNotice, other: Partial<NotificationDeps> = {}) =>
  notificationService({ ...deps, ...other }).sendNotice({ ctx, key, input });
const mailsOf = async (input: SendNotice) => (await mailbox.messages()).filter((one) => one.raw.includes(input.enrollmentId));
const rowsOf = (key: string) => database.sql`select * from notification.messages where command_key = ${key} order by recipient`;

test('a notice reaches the mailbox, says study, site, subject and enrollment, and nothing of a person', async () => {
  const input = notice();
  expect(await send(newKey(), input)).toEqual({ sent: 1, recipients: 1 });
  const [mail] = await mailsOf(input);
  expect(mail?.to).toEqual(['pi@site.example']);
  expect(mail?.subject).toBe('[ONC-101 BJ01] participant enrolled');
  const body = mail?.raw.split('\r\n\r\n').slice(1).join('') ?? '';
  expect(body).toMatch(/Subject: BJ01-0001/);
  expect(body).not.toMatch(PERSONAL);
});

test('everybody whom the kind concerns is told, the participant with words of its own', async () => {
  const told = { consent_recorded: ['inv-coordinator', 'inv-principal', 'participant'], not_enrolled: ['inv-coordinator', 'inv-sponsor'], withdrawn: ['inv-principal', 'inv-sponsor'], cap_near: ['inv-coordinator', 'inv-sponsor'], signature_requested: ['inv-principal'], signature_reminder: ['inv-principal'], reconsent_requested: ['inv-coordinator', 'inv-principal'], reconsent_declined: ['inv-principal'], code_broken: ['inv-medical-monitor', 'inv-privacy-officer', 'inv-sponsor'], code_break_refused: ['inv-medical-monitor', 'inv-privacy-officer', 'inv-sponsor'], stuck: ['ops'] } as const;
  for (const [kind, recipients] of Object.entries(told)) {
    const key = newKey();
    await send(key, notice({ kind: kind as SendNotice['kind'] }));
    const rows = await rowsOf(key);
    expect(rows.map((row) => row['recipient'])).toEqual(recipients);
    const copy = rows.find((row) => row['recipient'] === 'participant');
    if (copy) expect(copy['body']).not.toMatch(/BJ01-0001|Enrollment/);
  }
});

test.each([
  ['signature_requested', 'eligibility decision to be signed', /sign the decision/],
  ['signature_reminder', 'reminder: eligibility decision to be signed', /sign the decision; unsigned, the enrollment ends as expired/],
  ['reconsent_requested', 'new consent needed', /have it signed and record it/],
  ['reconsent_declined', 'new consent declined', /This is no withdrawal/],
] as const)('%s says what is to be done and until when, and nothing of a person or of health', async (kind, subject, todo) => {
  const key = newKey();
  await send(key, notice({ kind, details: { until: '2026-11-29T08:00:00.000Z', verdict: 'EGFR below 30', name: 'Zhang San' } }));
  const [row] = await rowsOf(key);
  expect(row?.['subject']).toBe(`[ONC-101 BJ01] ${subject}`);
  expect(row?.['body']).toMatch(/^What to do next: .+$/m);
  expect(row?.['body']).toMatch(todo);
  expect(row?.['body']).toMatch(/^Until: 2026-11-29T08:00:00.000Z$/m);
  expect(row?.['body']).not.toMatch(/EGFR|zhang|inv-|@/i);
});

test.each(['code_broken', 'code_break_refused'] as const)('%s says who by role, when and by which record, never the arm or a name', async (kind) => {
  const key = newKey();
  await send(key, notice({ kind, details: { at: '2026-11-29T08:00:00.000Z', role: 'investigator', codeBreakId: 'record-1', arm: 'ARM-ZULU', name: 'Zhang San', reason: 'overdose' } }));
  for (const { body } of await rowsOf(key)) {
    expect(body).toMatch(/^At: 2026-11-29T08:00:00.000Z\nBy: investigator\nRecord: record-1$/m);
    expect(body).not.toMatch(/ZULU|zhang|overdose/i);
  }
});

test('details that no template names stay out, and control characters can’t forge a header', async () => {
  const key = newKey();
  await send(key, notice({ kind: 'stuck', details: { step: 'Enrol\r\nBcc: x', secret: 'Zhang San', nextAction: 'Correct the address' } }));
  const [row] = await rowsOf(key);
  expect(row?.['body']).toMatch(/Step: Enrol Bcc: x\nWhat failed: -\nWhat to do next: Correct the address/);
  expect(row?.['body']).not.toContain('Zhang');
});

test('repeating a key, also ten times at once, keeps one row and one mail per recipient', async () => {
  const key = newKey();
  const input = notice({ kind: 'not_enrolled', details: { outcome: 'declined' } });
  const all = await Promise.all(Array.from({ length: 10 }, () => send(key, input)));
  expect(new Set(all.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"sent":2,"recipients":2}']));
  await send(key, input);
  expect(await rowsOf(key)).toMatchObject([{ status: 'sent' }, { status: 'sent' }]);
  expect(await mailsOf(input)).toHaveLength(2);
  await expect(send(key, { ...input, siteCode: 'SH02' })).rejects.toMatchObject({ code: 'key_reused' });
});

test('a refusing mailbox doesn’t keep others from being told; once its address is corrected only it is tried again', async () => {
  const key = newKey();
  const input = notice({ kind: 'withdrawn', details: { scope: 'interventions' } });
  refused.add('pi@site.example');
  const failure = await send(key, input).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'mailbox_refused', retryable: false, details: { roles: ['principal'], sent: 1, recipients: 2 } });
  expect(String(failure) + JSON.stringify(failure)).not.toMatch(PERSONAL);
  expect(await rowsOf(key)).toMatchObject([{ status: 'pending', attempts: 1, last_failure: 'mailbox_refused' }, { status: 'sent' }]);
  const before = people['principal'] ?? '';
  people['principal'] = 'pi.new@site.example';
  expect(await send(key, input)).toEqual({ sent: 2, recipients: 2 });
  people['principal'] = before;
  refused.clear();
  expect((await mailsOf(input)).map((one) => one.to[0]).toSorted()).toEqual(['pi.new@site.example', 'sponsor@pharma.example']);
});

test('a recipient who was replaced before the mail went out is not waited for', async () => {
  const key = newKey();
  const input = notice();
  refused.add('pi@site.example');
  await expect(send(key, input)).rejects.toMatchObject({ code: 'mailbox_refused' });
  refused.clear();
  const study = { listRecipients: async () => ({ items: [{ userId: 'inv-8', role: 'principal', name: 'N', email: 'new@site.example' }] }) };
  expect(await send(key, input, { study })).toEqual({ sent: 1, recipients: 1 });
  expect(await rowsOf(key)).toMatchObject([{ recipient: 'inv-8', status: 'sent' }, { recipient: 'inv-principal', status: 'superseded' }]);
});

test.each([
  ['asks to come back later', '451 later\r\n'],
  ['never answers', ''],
])('a server that %s is a failure that may pass, within the time-out, and nothing is lost', async (_, answer) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (answer === '') return;
    socket.write('220 test\r\n');
    socket.on('data', (line) => socket.write(/^(EHLO|HELO|MAIL|RSET)/i.test(line.toString()) ? '250 ok\r\n' : answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const mailer = mailerTo(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const key = newKey();
  const input = notice();
  const began = Date.now();
  await expect(send(key, input, { mailer })).rejects.toMatchObject({ code: 'mail_unavailable', retryable: true });
  expect(Date.now() - began).toBeLessThan(4000);
  expect(await rowsOf(key)).toMatchObject([{ status: 'pending', last_failure: 'mail_unavailable' }]);
  mailer.close();
  server.close();
  expect(await send(key, input)).toEqual({ sent: 1, recipients: 1 });
});

test('a server that is away is a failure that may pass', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const mailer = mailerTo(`smtp://127.0.0.1:${port}`);
  await expect(send(newKey(), notice(), { mailer })).rejects.toMatchObject({ code: 'mail_unavailable', errorClass: 'unavailable' });
  await expect(mailer.verify()).rejects.toMatchObject({ code: 'mail_unavailable' });
});

test('a mail that was taken but not marked is sent again under the same Message-ID, and received once', async () => {
  const key = newKey();
  const input = notice();
  await send(key, input);
  await database.sql`update notification.messages set status = 'pending' where command_key = ${key}`;
  expect(await send(key, input)).toEqual({ sent: 1, recipients: 1 });
  expect(await mailsOf(input)).toHaveLength(1);
});

test('what was sent is listed without addresses and audited', async () => {
  const input = notice({ kind: 'consent_recorded' });
  const key = newKey();
  await send(key, input);
  const { items } = await notificationService(deps).listMessages({ ctx, input });
  expect(items.map((one) => [one.recipient, one.status, one.attempts]).toSorted()).toEqual([
    ['inv-coordinator', 'sent', 1],
    ['inv-principal', 'sent', 1],
    ['participant', 'sent', 1],
  ]);
  expect(JSON.stringify(items)).not.toContain('@');
  const audit = await database.sql`select * from notification.audit_entries where command_key = ${key}`;
  expect(audit).toHaveLength(4);
  expect(JSON.stringify(audit)).not.toContain('@');
});

test('without an address for operators nobody is told, and that is no failure', async () => {
  expect(await send(newKey(), notice({ kind: 'stuck' }), { opsEmail: null })).toEqual({ sent: 0, recipients: 0 });
});
