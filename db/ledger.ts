import { sql } from 'drizzle-orm';
import { check, index, jsonb, type PgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { sealed } from './encryption/columns.ts';

/** What an activity's or a request's key stands for. */
export const COMMAND_STATES = ['done', 'undone', 'cancelled'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/**
 * The tables that every service has beside its own: the keys of the commands it has carried out (once and only once),
 * the audit trail (21 CFR 11.10(e)), written in the transaction of the effect, and the data keys of what is sealed.
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
      /** Who: kind, id, role, on whose behalf. A printed name is in the details: a participant may act, too. */
      actor: jsonb('actor').notNull(),
      /** Sealed JSON: old and new values, reason, printed names; under the data key of `owner`. */
      details: sealed('details').notNull(),
      owner: text('owner').notNull(),
      requestId: text('request_id').notNull(),
      commandKey: text('command_key'),
    },
    (t) => [index('audit_entries_entity').on(t.entity, t.entityId, t.at)],
  );
  /** Wrapped keys, one per owner; a destroyed one keeps its line, so that the owner never gets another. */
  const dataKeys = schema.table(
    'data_keys',
    {
      id: uuid('id').primaryKey(),
      owner: text('owner').notNull(),
      wrapped: sealed('wrapped'),
      /** Of the key-encryption key that wraps it. */
      keyId: text('key_id'),
      createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
      destroyedAt: timestamp('destroyed_at', { withTimezone: true, mode: 'date' }),
    },
    (t) => [
      uniqueIndex('data_keys_owner').on(t.owner),
      index('data_keys_key').on(t.keyId, t.id),
      check('data_keys_destroyed', sql`(${t.destroyedAt} is null) = (${t.wrapped} is not null and ${t.keyId} is not null)`),
    ],
  );
  return { commandKeys, auditEntries, dataKeys };
}

export type Ledger = Omit<ReturnType<typeof ledgerTables>, 'dataKeys'>;
