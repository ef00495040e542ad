import { runCommand, withTransaction } from '../../db/index.ts';
import type { Ctx } from '../common/index.ts';
import { ledger, type NotificationDeps } from './deps.ts';
import { mailboxRefused, mailUnavailable } from './errors.ts';
import { MailError } from './mailer.ts';
import { type Attempt, keepAttempts, type Mailing, type Message, prepare } from './outbox.ts';

export type Sent = { sent: number; recipients: number };

type Delivery = Mailing & { ctx: Ctx; key: string; verb: string; content: unknown };

/**
 * Mails everybody concerned. All recipients are tried, one message row per key and recipient; a repetition mails only
 * those not yet reached, at their address of today. A crash between the server's OK and our commit may send a mail
 * twice, under the same Message-ID; none is lost. Throws `mail_unavailable` (may pass) when at least one mail could not
 * be handed over, else `mailbox_refused` (somebody has to correct an address).
 */
export async function deliver(deps: NotificationDeps, { ctx, key, verb, content, ...mailing }: Delivery): Promise<Sent> {
  const { about, recipients } = mailing;
  let rows: Message[] | undefined;
  // The key only fixes what is asked for; who is told is brought up to date at every attempt.
  await runCommand({ db: deps.db, ledger, verb, key, content, ctx }, async (tx, audit) => {
    const { kind, enrollmentId } = about;
    audit({ action: 'C', entity: 'notice', entityId: key, after: { kind, enrollmentId, recipients: recipients.map((one) => one.recipient) } });
    rows = await prepare(deps, tx, { ...mailing, key, first: true });
    return { recipients: recipients.length };
  });
  rows ??= await withTransaction(deps.db, (tx) => prepare(deps, tx, { ...mailing, key, first: false }));
  // All at once: the pool of SMTP connections does the queueing, and each mail is bounded in time.
  const attempts = await Promise.all(rows.filter(({ status }) => status !== 'sent').map((message) => handOver(deps, message)));
  await keepAttempts(deps, ctx, { key, attempts });
  const missed = attempts.filter(({ result }) => result !== 'sent');
  const sent = rows.length - missed.length;
  if (missed.length === 0) return { sent, recipients: rows.length };
  const roles = [...new Set(missed.map(({ message }) => message.role))];
  const told = { roles, sent, recipients: rows.length };
  throw missed.some(({ result }) => result === 'mail_unavailable') ? mailUnavailable(told) : mailboxRefused(told);
}

/** Sends one mail. Anything but the mail's own failure passes on. */
async function handOver(deps: NotificationDeps, message: Message): Promise<Attempt> {
  const result = await handed(deps, message);
  deps.onDelivery?.({ kind: message.kind, result });
  return { message, result };
}

async function handed(deps: NotificationDeps, message: Message): Promise<Attempt['result']> {
  try {
    await deps.mailer.send({ to: message.toEmail, subject: message.subject, text: message.body, messageId: message.messageId });
    return 'sent';
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    return error.code;
  }
}
