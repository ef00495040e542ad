import { runCommand, withTransaction } from '../../db/index.ts';
import type { Call, Ctx } from '../common/index.ts';
import { ledger, type NotificationDeps } from './deps.ts';
import { mailboxRefused, mailUnavailable } from './errors.ts';
import { MailError } from './mailer.ts';
import { markFailed, markSent, type Message, messagesOf, prepare } from './outbox.ts';
import { recipientsOf } from './recipients.ts';
import type { SendNotice } from './schemas.ts';

/**
 * Tells everybody concerned by mail. All recipients are tried, one message row per key and recipient; a repetition
 * mails only those not yet reached, at their address of today. A crash between the server's OK and our commit may
 * send a mail twice, under the same Message-ID; none is lost. Throws `mail_unavailable` (may pass) when at
 * least one mail could not be handed over, else `mailbox_refused` (somebody has to correct an address).
 */
export async function sendNotice(
  deps: NotificationDeps,
  { ctx, key, input }: Call<SendNotice>,
): Promise<{ sent: number; recipients: number }> {
  const recipients = await recipientsOf(deps, ctx, input);
  const outgoing = { notice: input, key, recipients };
  let prepared = false;
  // The key only fixes what is asked for; who is told is brought up to date at every attempt.
  await runCommand({ db: deps.db, ledger, verb: 'sendNotice', key, content: input, ctx }, async (tx, audit) => {
    const { kind, enrollmentId } = input;
    audit({ action: 'C', entity: 'notice', entityId: key, after: { kind, enrollmentId, recipients: recipients.map((one) => one.recipient) } });
    await prepare(deps, tx, outgoing);
    prepared = true;
    return { recipients: recipients.length };
  });
  if (!prepared) await withTransaction(deps.db, (tx) => prepare(deps, tx, outgoing));
  const rows = (await messagesOf(deps, key)).filter((one) => one.status !== 'superseded');
  // All at once: the pool of SMTP connections does the queueing, and each mail is bounded in time.
  const outcomes = await Promise.all(rows.map(async (message) => (message.status === 'sent' ? 'sent' : deliver(deps, ctx, message))));
  const sent = outcomes.filter((one) => one === 'sent').length;
  if (sent === rows.length) return { sent, recipients: rows.length };
  const roles = [...new Set(rows.filter((_, at) => outcomes[at] !== 'sent').map((one) => one.role))];
  const missed = { roles, sent, recipients: rows.length };
  throw outcomes.includes('mail_unavailable') ? mailUnavailable(missed) : mailboxRefused(missed);
}

/** Sends one mail and keeps what came of it. Anything but the mail's own failure passes on. */
async function deliver(deps: NotificationDeps, ctx: Ctx, message: Message): Promise<'sent' | MailError['code']> {
  try {
    await deps.mailer.send({ to: message.toEmail, subject: message.subject, text: message.body, messageId: message.messageId });
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    await markFailed(deps, message, error.code);
    return error.code;
  }
  await markSent(deps, ctx, message);
  return 'sent';
}
