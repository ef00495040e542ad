import { index, jsonb, type PgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** What an activity's or a request's key stands for. */
export const COMMAND_STATES = ['done', 'undone', 'cancelled'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/**
 * The two tables that every service has beside its own: the keys of the commands it has carried out
 * (once and only once), and the audit trail (21 CFR 11.10(e)), written in the transaction of the effect.
 */
export function ledgerTables(schema: Pick<PgSchema, 'table'>) {
  const commandKeys = schema.table('command_keys', {
    key: text('key').primaryKey(),
    verb: text('verb').notNull(),
    contentHash: text('content_hash').notNull(),
    state: text('state', { enum: COMMAND_STATES }).notNull(),
    /** Ids and counts only: personal data stays in its own tables. */
    result: jsonb('result'),
    at: timestamp('at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
  });
  const auditEntries = schema.table(
    'audit_entries',
    {
      id: uuid('id').primaryKey(),
      at: timestamp('at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
      /** FHIR AuditEvent.action: C, R, U, D, E. */
      action: text('action', { enum: ['C', 'R', 'U', 'D', 'E'] }).notNull(),
      verb: text('verb').notNull(),
      entity: text('entity').notNull(),
      entityId: text('entity_id').notNull(),
      /** Who: kind, id, role, printed name, on whose behalf. */
      actor: jsonb('actor').notNull(),
      reason: text('reason'),
      before: jsonb('before'),
      after: jsonb('after'),
      requestId: text('request_id').notNull(),
      commandKey: text('command_key'),
    },
    (t) => [index('audit_entries_entity').on(t.entity, t.entityId, t.at)],
  );
  return { commandKeys, auditEntries };
}

export type Ledger = ReturnType<typeof ledgerTables>;
