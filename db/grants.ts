/** Columns of an audit entry that a service writes; the table's trigger fills in the rest. */
const ENTRY_COLUMNS = ['id', 'action', 'verb', 'entity', 'entity_id', 'actor', 'details', 'owner', 'request_id', 'command_key', 'trace_id'] as const;

/**
 * What a service may do to its tables when they are not its own: read and write rows, append to its trail, and neither
 * change a table nor switch a trigger off (21 CFR 11.10(e)). Statements for the owner, to be repeated after each
 * migration; `role` as PostgreSQL quotes it.
 */
export function grantsTo(role: string, schema: string): string[] {
  return [
    `grant usage on schema ${schema} to ${role}`,
    `grant select, insert, update, delete on all tables in schema ${schema} to ${role}`,
    `grant usage on all sequences in schema ${schema} to ${role}`,
    ...['audit_entries', 'audit_seals', 'migrations'].map((table) => `revoke all on ${schema}.${table} from ${role}`),
    `grant select on ${schema}.audit_entries, ${schema}.audit_seals, ${schema}.migrations to ${role}`,
    `grant insert (${ENTRY_COLUMNS.join(', ')}) on ${schema}.audit_entries to ${role}`,
    `grant insert on ${schema}.audit_seals to ${role}`,
  ];
}
