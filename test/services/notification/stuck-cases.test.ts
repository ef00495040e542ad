// Real: PostgreSQL, SMTP over loopback. A clock of the test's own.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Mailbox, startMailbox } from '../../../runtime/embedded/mailbox.ts';
import type { Ctx, StuckCase } from '../../../services/common/index.ts';
import { createMailer, type Mailer, notificationService, type NotificationService } from '../../../services/notification/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const ctx: Ctx = { actor: { kind: 'service', service: 'operations' }, requestId: 'watch' };
const HOUR = 3_600_000;

let database: TestDatabase;
let mailbox: Mailbox;
let mailer: Mailer;
let service: NotificationService;
let now = Date.parse('2026-11-29T03:00:00Z');
let isRefusing = false;

beforeAll(async () => {
  database = await createTestDatabase();
  mailbox = await startMailbox({ refuse: () => isRefusing });
  mailer = createMailer({ smtpUrl: mailbox.smtpUrl, from: 'Trial <trial@enrollment.example>', timeoutMs: 1500 });
  service = notificationService({
    db: database.connect('notification'), clock: () => new Date(now), mailer, privacyEmail: 'privacy@trial.example', opsEmail: 'ops@trial.example',
    study: { listRecipients: async () => ({ items: [] }) },
    patient: { contactOf: async () => ({ email: null }) },
  });
});
beforeEach(() => {
  isRefusing = false;
});
afterAll(async () => {
  mailer.close();
  await mailbox.stop();
  await database.drop();
});

const aCase = (kind: StuckCase['kind'], more: Partial<StuckCase> = {}): StuckCase => {
  const enrollmentId = uuidv7();
  return {
    subject: `consentToEnrollment/${enrollmentId}`, kind, step: 'casebook', workflowId: `enrollment/ONC-101/${uuidv7()}`, enrollmentId, code: 'timed_out',
    attempts: 9, since: new Date(now).toISOString(), lastFailureAt: null, nextRetryAt: null, suggestion: 'mend it', ...more,
  };
};
/** One look of the watch. */
const look = (opened: StuckCase[], solved: StuckCase[] = [], key: string = uuidv7()) =>
  service.reportStuck({ ctx, key, input: { opened, solved: solved.map(({ subject }) => subject), escalateAfterMs: HOUR } });
const mailsAbout = async ({ subject }: StuckCase) =>
  (await mailbox.messages(1000)).filter(({ raw }) => raw.replaceAll(/=\r?\n/g, '').includes(subject)).map((mail) => mail.subject.replace(/^\[operations\] /, ''));
const NOTHING = { stuck_found: 0, stuck_lasting: 0, stuck_over: 0 };

describe('operators are told of what is stuck', () => {
  it('once when it is found, once more when it lasts, once when it is over', async () => {
    const stuck = aCase('activity_retrying');
    expect(await look([stuck])).toEqual({ ...NOTHING, stuck_found: 1 });
    expect(await look([stuck])).toEqual(NOTHING);
    now += HOUR + 1000;
    expect(await look([])).toEqual({ ...NOTHING, stuck_lasting: 1 });
    now += HOUR + 1000;
    expect(await look([stuck])).toEqual(NOTHING);
    expect(await look([], [stuck])).toEqual({ ...NOTHING, stuck_over: 1 });
    expect(await look([], [stuck])).toEqual(NOTHING);
    expect((await mailsAbout(stuck)).toSorted()).toEqual(['1 solved', '1 stuck', 'ESCALATED: 1 still stuck']);
    expect((await service.openStuckCases({ ctx, key: '', input: {} })).cases).toEqual([]);
  });

  it('anew when the same gets stuck again after it was over', async () => {
    const stuck = aCase('no_poller', { subject: 'queue/edc', workflowId: null, enrollmentId: null, step: 'edc' });
    for (let time = 0; time < 2; time += 1) {
      expect(await look([stuck])).toEqual({ ...NOTHING, stuck_found: 1 });
      expect(await look([], [stuck])).toEqual({ ...NOTHING, stuck_over: 1 });
    }
  });

  it('in one mail, however many there are for one cause', async () => {
    const many = Array.from({ length: 30 }, () => aCase('workflow_task_failing'));
    const before = (await mailbox.messages(1000)).length;
    expect(await look(many)).toEqual({ ...NOTHING, stuck_found: 30 });
    const mails = (await mailbox.messages(1000)).slice(before);
    expect(mails.map(({ subject }) => subject)).toEqual(['[operations] 30 stuck']);
    expect(mails[0]?.raw).toContain('and 10 more');
    await look([], many);
  });

  it('not again by the watch where the run has told of it, and by the watch where it could not', async () => {
    const [told, untold] = [aCase('parked'), aCase('parked')];
    const about = { studyId: uuidv7(), studyCode: 'ONC-101', siteId: uuidv7(), siteCode: 'BJ01', patientId: uuidv7(), subjectNumber: null };
    await service.sendNotice({ ctx, key: uuidv7(), input: { kind: 'stuck', enrollmentId: told.enrollmentId!, ...about, details: {} } });
    // The run's own mail may be on its way.
    expect(await look([told, untold])).toEqual(NOTHING);
    now += 20_000;
    expect(await look([])).toEqual({ ...NOTHING, stuck_found: 1 });
    expect([(await mailsAbout(told)).length, (await mailsAbout(untold)).length]).toEqual([0, 1]);
    expect(await look([], [told, untold])).toEqual({ ...NOTHING, stuck_over: 2 });
  });

  it('after all when the mail server was away: the look is repeated under its key, and mails once', async () => {
    const stuck = aCase('activity_paused');
    isRefusing = true;
    const key = uuidv7();
    await expect(look([stuck], [], key)).rejects.toMatchObject({ code: 'mailbox_refused' });
    isRefusing = false;
    for (let time = 0; time < 2; time += 1) await look([stuck], [], key);
    expect(await mailsAbout(stuck)).toEqual(['1 stuck']);
    await look([], [stuck]);
  });

  it('without a trace of looks that find nothing', async () => {
    const count = async () => Number((await database.sql`select count(*) as n from notification.command_keys`)[0]?.['n']);
    const before = await count();
    for (let time = 0; time < 5; time += 1) expect(await look([])).toEqual(NOTHING);
    expect(await count()).toBe(before);
  });
});
