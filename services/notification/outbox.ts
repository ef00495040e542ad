import { and, asc, eq, inArray, ne, notInArray, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { cellsOf, type DataKey, SERVICE_OWNER, statement, type Transaction, withTransaction, writeAudit } from '../../db/index.ts';
import type { Ctx } from '../common/index.ts';
import { ledger, type NotificationDeps } from './deps.ts';
import type { MailError } from './mailer.ts';
import type { Recipient } from './recipients.ts';
import { type MessageKind, messages } from './tables.ts';

/** One mail with its address. */
export type Message = Omit<typeof messages.$inferSelect, 'toEmail'> & { toEmail: string };
/** What is mailed to whom; `about` an enrollment, or an incident, which belongs to none. */
export type Mailing = {
  about: { kind: MessageKind; enrollmentId: string | null; studyId: string | null; siteId: string | null; patientId: string | null };
  recipients: Recipient[];
  mail: (role: string) => { subject: string; body: string };
};
/** `first`: the key is new, so nothing was written for it before. */
type Outgoing = Mailing & { key: string; first: boolean };

/**
 * Writes one pending message per recipient and returns the notice's messages, oldest first. Repeating it keeps what was
 * sent, takes a corrected address over, and drops what waits for somebody who is no longer to be told.
 */
export async function prepare(deps: NotificationDeps, tx: Transaction, { about, mail, key, recipients, first }: Outgoing): Promise<Message[]> {
  const { kind, enrollmentId, studyId, siteId } = about;
  const now = deps.clock();
  const opened = async (sealed: (typeof messages.$inferSelect)[]): Promise<Message[]> => {
    const keysOf = await deps.db.vault.keysOf(tx, sealed.map((row) => ownerOf(row, about)));
    // Of what went out nobody needs the address any more.
    return sealed.map((row) => ({ ...row, toEmail: row.status === 'sent' ? '' : addressCells(keysOf.get(ownerOf(row, about)), row.key).open('to_email', row.toEmail) ?? '' }));
  };
  // In one order for all, so that two attempts at once wait for each other instead of deadlocking.
  const ordered = recipients.toSorted((a, b) => (a.recipient < b.recipient ? -1 : 1));
  const keys = new Map<string, DataKey>();
  for (const owner of new Set(ordered.map((one) => ownerOf(one, about)))) keys.set(owner, await deps.db.vault.keyFor(tx, owner));
  const rows = ordered.map(({ recipient, role, email }) => {
    const id = uuidv7();
    const toEmail = addressCells(keys.get(ownerOf({ recipient }, about)), `${key}/${recipient}`).seal('to_email', email);
    const address = { recipient, role, toEmail, messageId: `<${id}@${deps.mailer.domain}>` };
    const text = { kind, enrollmentId, studyId, siteId, ...mail(role) };
    return { id, key: `${key}/${recipient}`, commandKey: key, ...text, ...address, status: 'pending' as const, createdAt: now };
  });
  const written = rows.length === 0 ? [] : await statement(
    tx
      .insert(messages)
      .values(rows)
      .onConflictDoUpdate({
        target: messages.key,
        set: { toEmail: sql`excluded.to_email`, status: 'pending' },
        setWhere: sql`${messages.status} <> 'sent'`,
      })
      .returning(),
  );
  if (first) return opened(written);
  const replaced = and(
    eq(messages.commandKey, key),
    eq(messages.status, 'pending'),
    recipients.length > 0 ? notInArray(messages.recipient, recipients.map((one) => one.recipient)) : undefined,
  );
  await statement(tx.update(messages).set({ status: 'superseded' }).where(replaced));
  const current = and(eq(messages.commandKey, key), ne(messages.status, 'superseded'));
  return opened(await statement(tx.select().from(messages).where(current).orderBy(asc(messages.id))));
}

/** The participant's address can be made unreadable by itself. */
function ownerOf({ recipient }: { recipient: string }, { patientId }: Mailing['about']): string {
  return recipient === 'participant' && patientId !== null ? patientId : SERVICE_OWNER;
}

/** By the row's key, not its id: who writes the row anew doesn't know the id that it has. */
const addressCells = (key: DataKey | null | undefined, row: string) => cellsOf(key, { table: 'messages', row });

export type Attempt = { message: Message; result: 'sent' | MailError['code'] };

/**
 * Keeps, in one commit, which mails the server has taken (with an audit row each) and why the others did not go
 * out; what a second attempt has sent meanwhile is left as it is.
 */
export async function keepAttempts(deps: NotificationDeps, ctx: Ctx, { key, attempts }: { key: string; attempts: Attempt[] }): Promise<void> {
  const results = new Set(attempts.map(({ result }) => result));
  if (results.size === 0) return;
  await withTransaction(deps.db, async (tx) => {
    for (const result of results) {
      const ids = attempts.filter((one) => one.result === result).map(({ message }) => message.id);
      const kept = result === 'sent'
        ? { status: 'sent' as const, sentAt: deps.clock(), lastFailure: null }
        : { lastFailure: result };
      const changed = await statement(
        tx
          .update(messages)
          .set({ ...kept, attempts: sql`${messages.attempts} + 1` })
          .where(and(inArray(messages.id, ids), eq(messages.status, 'pending')))
          .returning({ id: messages.id }),
      );
      if (result !== 'sent') continue;
      const audited = changed.map(({ id }) => (
        { action: 'U' as const, entity: 'message', entityId: id, before: { status: 'pending' }, after: { status: 'sent' } }
      ));
      await writeAudit(tx, { db: deps.db, ledger, verb: 'sendNotice', ctx, key }, audited);
    }
  });
}
