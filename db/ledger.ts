import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, type PgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytes, sealed } from './encryption/columns.ts';

/** What an activity's or a request's key stands for. */
export const COMMAND_STATES = ['done', 'undone', 'cancelled'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/**
 * The tables that every service has beside its own: the keys of the commands it has carried out (once and only once),
 * the audit trail (21 CFR 11.10(e)), written in the transaction of the effect, its seals, and the data keys of what is sealed.
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
      traceId: text('trace_id'),
      /** From here on filled in by the table's own trigger (`audit/entry-hash.ts`): the order of the service's trail, */
      number: bigint('number', { mode: 'number' }).notNull(),
      /** that within the stream of one record, the hash of the entry before it there (empty for the first), and its own. */
      position: integer('position').notNull(),
      previous: bytes('previous').notNull(),
      hash: bytes('hash').notNull(),
    },
    (t) => [uniqueIndex('audit_entries_number').on(t.number), uniqueIndex('audit_entries_stream').on(t.entityId, t.entity, t.position), index('audit_entries_command').on(t.commandKey.op('text_pattern_ops'))],
  );
  /** Signed Merkle roots over the entries since the one before (`audit/seal.ts`); appended to only, as they are. */
  const auditSeals = schema.table('audit_seals', {
    number: integer('number').primaryKey(),
    at: timestamp('at', { withTimezone: true, mode: 'date' }).notNull(),
    /** The numbers of entries that it is about: after `after`, up to `upTo`. Some are missing: of what was rolled back. */
    after: bigint('after', { mode: 'number' }).notNull(),
    upTo: bigint('up_to', { mode: 'number' }).notNull(),
    /** Number (8 bytes) and hash (32 bytes) of each entry, in their order. */
    entries: bytes('entries').notNull(),
    root: bytes('root').notNull(),
    /** SHA-256 of what the seal before it signs. */
    previous: bytes('previous').notNull(),
    keyId: text('key_id').notNull(),
    /** Ed25519. */
    signature: bytes('signature').notNull(),
  });
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
  return { commandKeys, auditEntries, auditSeals, dataKeys };
}

export type Ledger = Pick<ReturnType<typeof ledgerTables>, 'commandKeys' | 'auditEntries'>;
