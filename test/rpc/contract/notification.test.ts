// Real: PostgreSQL, the Notification service, SMTP and HTTP/2 on loopback. Stand-ins: what Study and Patient answer.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mailbox, startMailbox } from '../../../runtime/embedded/mailbox.ts';
import type { Ctx } from '../../../services/common/index.ts';
import type { NotificationClient } from '../../../services/notification/client.ts';
import { createMailer, type Mailer, notificationService, type NotificationService, type SendNotice } from '../../../services/notification/index.ts';
import { NotificationService as Desc } from '../../../services/notification/notification_pb.js';
import { notificationRpc } from '../../../services/notification/rpc.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { overHttp2, type OverHttp2 } from '../support.ts';
import { auditSamples } from './audit-samples.ts';
import { expectSameAnswers } from './contract.ts';
import { answersTo, notSampled, type Samples } from './fields.ts';

const ctx: Ctx = { actor: { kind: 'service', service: 'test' }, requestId: 'test' };
const REFUSES = 'refuses@site.example';

let database: TestDatabase;
let mailbox: Mailbox;
let mailer: Mailer;
let service: NotificationService;
let wire: OverHttp2;
let client: NotificationClient;
let principal: { userId: string; email: string };
let samples: Samples;

beforeAll(async () => {
  database = await createTestDatabase();
  mailbox = await startMailbox({ refuse: (address) => address === REFUSES });
  mailer = createMailer({ smtpUrl: mailbox.smtpUrl, from: 'Trial <trial@enrollment.example>', timeoutMs: 1500 });
  service = notificationService({
    db: database.connect('notification'),
    clock: () => new Date(),
    mailer,
    privacyEmail: 'privacy@trial.example', opsEmail: 'ops@trial.example',
    study: {
      listRecipients: async ({ input: { roles } }) => ({
        items: roles.map((role) => (role === 'principal' ? { ...principal, role, name: '王敏' } : { userId: `user.${role}@hospital`, role, name: 'Name', email: `${role}@site.example` })),
      }),
    },
    patient: { contactOf: async () => ({ email: 'zhang.san@home.example' }) },
  });
  wire = await overHttp2({ services: { notification: service } });
  client = wire.channels.clientsOf('api').notification;
  samples = await makeSamples();
});
afterAll(async () => {
  await wire.stop();
  mailer.close();
  await mailbox.stop();
  await database.drop();
});

/** Mails such a notice, or tries to, and says of which enrollment. */
async function mailed(kind: SendNotice['kind'], { email = 'pi@site.example', key = uuidv7(), enrollmentId = uuidv7(), userId = 'inv-7' } = {}): Promise<string> {
  principal = { userId, email };
  const about = { enrollmentId, studyId: enrollmentId, studyCode: 'ONC-101', siteId: enrollmentId, siteCode: 'BJ01', patientId: enrollmentId, subjectNumber: null };
  await service.sendNotice({ ctx, key, input: { kind, ...about, details: { outcome: '拒绝' } } }).catch((error: unknown) => {
    if (email !== REFUSES) throw error;
  });
  return enrollmentId;
}

/** Of one enrollment: sent, refused, and replaced before the mail went out. */
async function mailedAgain(): Promise<string> {
  const enrollmentId = await mailed('consent_recorded');
  await mailed('withdrawn', { enrollmentId, email: REFUSES });
  const again = { enrollmentId, key: uuidv7() };
  await mailed('enrolled', { ...again, email: REFUSES, userId: 'inv-8' });
  await mailed('enrolled', { ...again, userId: 'inv-9' });
  return enrollmentId;
}

async function makeSamples(): Promise<Samples> {
  const of = (enrollmentId: string) => ({ ctx, input: { enrollmentId } });
  return {
    listMessages: [
      of(uuidv7()),
      of(await mailed('consent_recorded')),
      of(await mailed('not_enrolled')),
      of(await mailed('stuck')),
      of(await mailed('enrolled', { email: REFUSES })),
      of(await mailedAgain()),
    ],
    listAuditEntries: auditSamples(),
  };
}

describe('Notification over gRPC', () => {
  it('answers every verb as the verb itself does', async () => {
    await expectSameAnswers(notificationRpc, { service, clientOf: (caller) => wire.channels.clientsOf(caller).notification, samples });
  });

  it('has each field of its requests and answers sampled, with a value and, where it may be, without', async () => {
    const asked = await answersTo(notificationRpc, { clientOf: (caller) => wire.channels.clientsOf(caller).notification, samples });
    expect(notSampled(Desc, notificationRpc, asked)).toEqual([]);
  });

  it('tells what is sent, what waits and why, and what was replaced, oldest first', async () => {
    const { items } = await client.listMessages({ ctx, input: { enrollmentId: await mailedAgain() } });
    const states = items.map(({ kind, recipient, status, attempts, lastFailure, sentAt }) => [kind, recipient, status, attempts, lastFailure, sentAt !== null]);
    expect(states.slice(0, 3).toSorted()).toEqual([
      ['consent_recorded', 'inv-7', 'sent', 1, null, true],
      ['consent_recorded', 'participant', 'sent', 1, null, true],
      ['consent_recorded', 'user.coordinator@hospital', 'sent', 1, null, true],
    ]);
    expect(states).toContainEqual(['withdrawn', 'inv-7', 'pending', 1, 'mailbox_refused', false]);
    expect(states.slice(-2)).toEqual([
      ['enrolled', 'inv-8', 'superseded', 1, 'mailbox_refused', false],
      ['enrolled', 'inv-9', 'sent', 1, null, true],
    ]);
  });

  it('names nobody’s address, name or subject in any answer', async () => {
    const asked = await answersTo(notificationRpc, { clientOf: (caller) => wire.channels.clientsOf(caller).notification, samples });
    expect(JSON.stringify(asked.map(({ answer }) => answer))).not.toMatch(/\.example|王敏|ONC-101|BJ01/);
  });

  it('can be asked by operators’ tools, but nobody sends a notice over the wire', async () => {
    const ops = wire.channels.clientsOf('ops').notification;
    const enrollmentId = await mailed('stuck');
    expect(await ops.listMessages({ ctx, input: { enrollmentId } })).toMatchObject({ items: [{ kind: 'stuck', recipient: 'ops', status: 'sent' }] });
    expect(Object.keys(ops)).toEqual(['listMessages', 'listAuditEntries']);
  });
});
