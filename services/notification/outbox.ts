import { and, asc, eq, notInArray, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { read, statement, type Transaction, withTransaction, writeAudit } from '../../db/index.ts';
import type { Ctx } from '../common/index.ts';
import { ledger, type NotificationDeps } from './deps.ts';
import type { MailError } from './mailer.ts';
import type { Recipient } from './recipients.ts';
import type { SendNotice } from './schemas.ts';
import { messages } from './tables.ts';
import { mailFor } from './templates.ts';

export type Message = typeof messages.$inferSelect;
type Outgoing = { notice: SendNotice; key: string; recipients: Recipient[] };

/**
 * Writes one pending message per recipient. Repeating it keeps what was sent, takes a
 * corrected address over, and drops what waits for somebody who is no longer to be told.
 */
export async function prepare(deps: NotificationDeps, tx: Transaction, { notice, key, recipients }: Outgoing): Promise<void> {
  const { kind, enrollmentId, studyId, siteId } = notice;
  const now = deps.clock();
  // In one order for all, so that two attempts at once wait for each other instead of deadlocking.
  const ordered = recipients.toSorted((a, b) => (a.recipient < b.recipient ? -1 : 1));
  const rows = ordered.map(({ recipient, role, email }) => {
    const id = uuidv7();
    const address = { recipient, role, toEmail: email, messageId: `<${id}@${deps.mailer.domain}>` };
    const about = { kind, enrollmentId, studyId, siteId, ...mailFor(notice, role) };
    return { id, key: `${key}/${recipient}`, commandKey: key, ...about, ...address, status: 'pending' as const, createdAt: now };
  });
  if (rows.length > 0) {
    await statement(
      tx
        .insert(messages)
        .values(rows)
        .onConflictDoUpdate({
          target: messages.key,
          set: { toEmail: sql`excluded.to_email`, status: 'pending' },
          setWhere: sql`${messages.status} <> 'sent'`,
        }),
    );
  }
  const replaced = and(
    eq(messages.commandKey, key),
    eq(messages.status, 'pending'),
    recipients.length > 0 ? notInArray(messages.recipient, recipients.map((one) => one.recipient)) : undefined,
  );
  await statement(tx.update(messages).set({ status: 'superseded' }).where(replaced));
}

/** The messages of a notice, oldest first. */
export async function messagesOf(deps: NotificationDeps, key: string): Promise<Message[]> {
  return read(deps.db, (orm) => orm.select().from(messages).where(eq(messages.commandKey, key)).orderBy(asc(messages.id)));
}

/** Keeps that the server has taken the mail, with an audit row; a second attempt that was faster is left as it is. */
export async function markSent(deps: NotificationDeps, ctx: Ctx, message: Message): Promise<void> {
  await withTransaction(deps.db, async (tx) => {
    const sent = { status: 'sent', sentAt: deps.clock(), attempts: sql`${messages.attempts} + 1`, lastFailure: null } as const;
    const where = and(eq(messages.id, message.id), eq(messages.status, 'pending'));
    const changed = await statement(tx.update(messages).set(sent).where(where).returning({ id: messages.id }));
    await writeAudit(
      tx,
      { ledger, verb: 'sendNotice', ctx, key: message.commandKey },
      changed.map(({ id }) => ({ action: 'U', entity: 'message', entityId: id, before: { status: 'pending' }, after: { status: 'sent' } })),
    );
  });
}

/** Keeps why the mail did not go out. */
export async function markFailed(deps: NotificationDeps, message: Message, code: MailError['code']): Promise<void> {
  const failed = { attempts: sql`${messages.attempts} + 1`, lastFailure: code };
  await withTransaction(deps.db, async (tx) => {
    await statement(tx.update(messages).set(failed).where(and(eq(messages.id, message.id), eq(messages.status, 'pending'))));
  });
}
