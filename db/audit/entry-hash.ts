import { hash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';

/** An entry of the trail as its hash is over it. */
export type EntryRow = {
  number: string;
  position: number;
  previous: Buffer;
  hash: Buffer;
  id: string;
  /** UTC, in microseconds. */
  at: string;
  action: string;
  verb: string;
  entity: string;
  entity_id: string;
  /** As PostgreSQL writes the JSON. */
  actor: string;
  details: Buffer;
  owner: string;
  request_id: string;
  command_key: string | null;
  trace_id: string | null;
};

/** The columns of an EntryRow. */
export const ENTRY_COLUMNS: SQL = sql.raw(`number, position, previous, hash, id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  action, verb, entity, entity_id, actor::text as actor, details, owner, request_id, command_key, trace_id`);

/** SHA-256 over all that an entry says, its place, and the hash of the one before it; the same as `audit_hash` of the schema. */
export function entryHash(schema: string, row: EntryRow): Buffer {
  const details = hash('sha256', row.details, 'hex');
  return sha256Of([
    'trial-enrollment/audit/1', schema, row.number, String(row.position), row.previous.toString('hex'), row.id, row.at,
    row.action, row.verb, row.entity, row.entity_id, row.actor, details, row.owner, row.request_id, row.command_key, row.trace_id,
  ]);
}

/** Each field with its length in bytes before it: no two lists come to the same text. */
export function sha256Of(fields: readonly (string | null)[]): Buffer {
  const text = fields.map((field) => (field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`)).join('');
  return hash('sha256', text, 'buffer');
}
