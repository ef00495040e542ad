import { type SQL, sql } from 'drizzle-orm';
import type { Origin } from '../commands.ts';
import type { ServiceDatabase } from '../connect.ts';
import type { DataKey } from '../encryption/vault.ts';
import { read } from '../transaction.ts';
import { ENTRY_COLUMNS, type EntryRow } from './entry-hash.ts';

/** Which entries of a service's trail; all when nothing is said. */
export type EntryFilter = {
  /** About one record. */
  entity?: string | undefined;
  entityId?: string | undefined;
  /** What any step of one enrollment's run has done, and what is about the enrollment itself. */
  enrollmentId?: string | undefined;
  /** All when there are none. */
  actions?: readonly string[] | undefined;
  /** Written at or after, and before. ISO 8601. */
  from?: string | undefined;
  until?: string | undefined;
};

export type TrailEntry = {
  number: string;
  at: string;
  action: string;
  verb: string;
  entity: string;
  entityId: string;
  position: number;
  hash: string;
  requestId: string;
  commandKey: string | null;
  /** With printed names. */
  actor: Record<string, unknown>;
  reason: string | null;
  before: unknown;
  after: unknown;
  origin: Origin;
  /** The key of the person whom it is about was destroyed: who, when and what remain, the values don't. */
  erased: boolean;
};

/** So many entries, oldest first, after the one with this number; opened with the keys of those whom they are about. */
export async function listEntries(db: ServiceDatabase, { filter, after, limit }: { filter: EntryFilter; after: string | undefined; limit: number }): Promise<TrailEntry[]> {
  const where = sql.join([...conditionsOf(filter), ...(after === undefined ? [] : [sql`number > ${after}`]), sql`true`], sql` and `);
  return read(db, async (orm) => {
    const rows = [...(await orm.execute(sql`select ${ENTRY_COLUMNS} from ${sql.identifier(db.schema)}.audit_entries where ${where} order by number limit ${limit}`))] as EntryRow[];
    const keys = await db.vault.keysOf(orm, [...new Set(rows.map(({ owner }) => owner))]);
    return rows.map((row) => toEntry(row, keys.get(row.owner)));
  });
}

function conditionsOf({ entity, entityId, enrollmentId, actions = [], from, until }: EntryFilter): SQL[] {
  return [
    ...(entity === undefined ? [] : [sql`entity = ${entity}`]),
    ...(entityId === undefined ? [] : [sql`entity_id = ${entityId}`]),
    // As keys of steps are made: `{enrollmentId}/{step}/{round}`.
    ...(enrollmentId === undefined ? [] : [sql`(entity_id = ${enrollmentId} or command_key like ${`${enrollmentId}/%`})`]),
    ...(actions.length === 0 ? [] : [sql`action in (${sql.join(actions.map((action) => sql`${action}`), sql`, `)})`]),
    ...(from === undefined ? [] : [sql`at >= ${from}`]),
    ...(until === undefined ? [] : [sql`at < ${until}`]),
  ];
}

type Details = { before?: unknown; after?: unknown; reason?: string | null; names?: Record<string, string>; address?: string };

function toEntry(row: EntryRow, key: DataKey | null | undefined): TrailEntry {
  const details = key ? (JSON.parse(key.open({ table: 'audit_entries', row: row.id, column: 'details' }, row.details)) as Details) : {};
  const { before = null, after = null, reason = null, names = {}, address } = details;
  return {
    number: row.number, at: row.at, action: row.action, verb: row.verb, entity: row.entity, entityId: row.entity_id, position: row.position, hash: row.hash.toString('hex'),
    requestId: row.request_id, commandKey: row.command_key, actor: withNames(JSON.parse(row.actor), names) as Record<string, unknown>, reason, before, after,
    origin: { ...(address === undefined ? {} : { address }), ...(row.trace_id === null ? {} : { traceId: row.trace_id }) },
    erased: !key,
  };
}

/** Puts the printed names back, which are sealed apart from the ids. */
function withNames(actor: unknown, names: Readonly<Record<string, string>>): unknown {
  if (actor === null || typeof actor !== 'object') return actor;
  const members = Object.entries(actor).map(([name, value]) => [name, withNames(value, names)] as const);
  const name = names[String((actor as { id?: unknown }).id)];
  return { ...Object.fromEntries(members), ...(name === undefined ? {} : { name }) };
}
