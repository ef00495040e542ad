import { index, integer, pgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../db/encryption/columns.ts';
import { ledgerTables } from '../../db/ledger.ts';
import { INCIDENT_KINDS } from '../common/incident.ts';
import { NOTICE_KINDS } from './schemas.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('notification');

export const { commandKeys, auditEntries, auditSeals, dataKeys } = ledgerTables(schema);

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** `superseded`: the recipient was replaced before the mail went out. */
export const MESSAGE_STATUSES = ['pending', 'sent', 'superseded'] as const;

/** What operators are told by the watch: found, lasting, over. */
export const WATCH_KINDS = ['stuck_found', 'stuck_lasting', 'stuck_over'] as const;

export type MessageKind = (typeof NOTICE_KINDS)[number] | (typeof INCIDENT_KINDS)[number] | (typeof WATCH_KINDS)[number];

/** One row per notice and recipient. The only place where an address of a recipient stands. */
export const messages = schema.table(
  'messages',
  {
    id: uuid('id').primaryKey(),
    /** `{key of the command}/{recipient}`. */
    key: text('key').notNull(),
    commandKey: text('command_key').notNull(),
    kind: text('kind', { enum: [...NOTICE_KINDS, ...INCIDENT_KINDS, ...WATCH_KINDS] }).notNull(),
    /** Null of an incident, which belongs to no enrollment. */
    enrollmentId: uuid('enrollment_id'),
    studyId: uuid('study_id'),
    siteId: uuid('site_id'),
    /** User id of a staff member, `participant` or `ops`. */
    recipient: text('recipient').notNull(),
    role: text('role').notNull(),
    /** Sealed: the participant's under the data key of that person, all others under the service's own. */
    toEmail: sealed('to_email').notNull(),
    subject: text('subject').notNull(),
    body: text('body').notNull(),
    /** Stable: a mailbox that gets the same message twice can drop the second (RFC 5322, 3.6.4). */
    messageId: text('message_id').notNull(),
    status: text('status', { enum: MESSAGE_STATUSES }).notNull(),
    attempts: integer('attempts').notNull().default(0),
    lastFailure: text('last_failure', { enum: ['mailbox_refused', 'mail_unavailable'] }),
    createdAt: at('created_at').notNull(),
    sentAt: at('sent_at'),
  },
  (t) => [
    uniqueIndex('messages_key').on(t.key),
    index('messages_command').on(t.commandKey, t.id),
    index('messages_enrollment').on(t.enrollmentId, t.id),
  ],
);
