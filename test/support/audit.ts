import type postgres from 'postgres';
import type { KeyProvider } from '../../db/encryption/key-provider.ts';
import type { ServiceName } from '../../db/provision.ts';
import { opened } from './sealed.ts';
import { TEST_SECRETS } from './secrets.ts';

/** An audit row as an inspector reads it: with old and new values, reason and printed names. */
export type AuditRow = {
  id: string; action: string; verb: string; entity: string; entity_id: string; request_id: string; command_key: string | null;
  actor: Record<string, unknown>;
  before?: unknown; after?: unknown; reason: string | null;
  address?: string; trace_id: string | null;
};

/** The audit rows of a service that fulfil a condition, oldest first, opened with the keys of the tests, or those given. */
export async function auditOf(sql: postgres.Sql, service: ServiceName, condition: postgres.PendingQuery<postgres.Row[]>, keys: KeyProvider = TEST_SECRETS.keys): Promise<AuditRow[]> {
  const rows = await sql`select * from ${sql(`${service}.audit_entries`)} where ${condition} order by id`;
  return Promise.all(rows.map(async ({ details, owner, ...row }) => {
    const place = { service, table: 'audit_entries', row: row['id'] as string, column: 'details', owner: owner as string };
    const { names, ...said } = JSON.parse(await opened(sql, place, details as Buffer, keys)) as { names: Record<string, string> };
    return { ...row, actor: withNames(row['actor'], names), before: null, after: null, ...said } as unknown as AuditRow;
  }));
}

function withNames(actor: unknown, names: Record<string, string>): unknown {
  if (actor === null || typeof actor !== 'object') return actor;
  const members = Object.entries(actor).map(([name, value]) => [name, withNames(value, names)] as const);
  const id = (actor as { id?: string }).id;
  return { ...Object.fromEntries(members), ...(id !== undefined && names[id] !== undefined ? { name: names[id] } : {}) };
}
