import postgres from 'postgres';
import { connectDatabase, withTransaction, writeAudit } from '../../../db/index.ts';
import { auditEntries, commandKeys } from '../../../services/site/tables.ts';
import type { BenchSystem } from '../system.ts';

/** Of one transaction: the trigger locks each record's stream until COMMIT, and the server has a table for all locks together. */
const [RECORDS, ENTRIES_EACH] = [50, 100];
const CONNECTIONS = 2;

/**
 * Fills Site's trail up to so many entries, each numbered, chained and hashed by the table's own trigger; what stands in
 * them is that of one entry that the system wrote. The entries of a record lie apart, as they come about in the course of time.
 */
export async function fillTrail(at: BenchSystem, entries: number): Promise<void> {
  const sql = postgres(at.adminUrl, { max: CONNECTIONS, onnotice: () => undefined });
  const [known] = await sql`select count(*)::int as count from site.audit_entries`;
  let chunks = Math.ceil((entries - Number(known?.['count'])) / (RECORDS * ENTRIES_EACH));
  const requestId = await writeOne(at);
  const lane = async () => {
    while (chunks-- > 0) await insertChunk(sql, requestId);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  await sql`vacuum analyze site.audit_entries`;
  await sql.end({ timeout: 5 });
}

/** One slot that was reserved, as the system writes it. */
async function writeOne(at: BenchSystem): Promise<string> {
  const db = connectDatabase({ url: at.adminUrl, schema: 'site', secrets: at.secrets });
  const requestId = `bench/${Date.now()}`;
  const actor = { kind: 'workflow', workflow: 'enrollment/BENCH-1/0190', onBehalfOf: { id: 'bench-clinician', name: 'Bench clinician', role: 'clinician' } };
  const origin = { address: '192.0.2.17', traceId: '0af7651916cd43dd8448eb211c80319c' };
  const slot = { studyId: crypto.randomUUID(), siteId: crypto.randomUUID(), enrollmentId: crypto.randomUUID() };
  await withTransaction(db, (tx) => writeAudit(
    tx,
    { db, ledger: { auditEntries, commandKeys }, verb: 'reserveSlot', key: 'bench', ctx: { actor, requestId, origin } },
    [{ action: 'U', entity: 'slot', entityId: 'bench', before: { state: 'free' }, after: { state: 'reserved', ...slot } }],
  ));
  await db.close();
  return requestId;
}

async function insertChunk(sql: postgres.Sql, requestId: string): Promise<void> {
  await sql`
    with one as (select * from site.audit_entries where request_id = ${requestId} limit 1),
      record as materialized (select uuidv7()::text as id from generate_series(1, ${RECORDS}::int))
    insert into site.audit_entries (id, action, verb, entity, entity_id, actor, details, owner, request_id, command_key, trace_id)
    select uuidv7(), one.action, one.verb, one.entity, record.id, one.actor, one.details, one.owner, gen_random_uuid()::text, record.id || '/reserveSlot/' || n, one.trace_id
    from one, record, generate_series(1, ${ENTRIES_EACH}::int) as n
    order by n, record.id`;
}
