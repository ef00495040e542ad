import { sql } from 'drizzle-orm';
import { read } from '../transaction.ts';
import type { Findings } from './finding.ts';
import { partsOf } from './parts-of.ts';
import type { Verifying } from './verify-trail.ts';

const AT_ONCE = 5000;

type Link = { id: string; number: string; entity: string; entity_id: string; position: number; previous: Buffer; hash: Buffer };

/**
 * Follows the chain of each record: positions without a gap, each entry with the hash of the one before it. This finds
 * what was done to entries that no seal is about yet, too; only of the very last of a record nothing would be missed.
 */
export async function verifyStreams({ db, onEntries }: Verifying, findings: Findings): Promise<void> {
  const part = async (after: Link | undefined): Promise<Link[]> => {
    const beyond = after ? sql`(entity_id, entity, position) > (${after.entity_id}, ${after.entity}, ${after.position})` : sql`true`;
    return [...(await read(db, (orm) => orm.execute(sql`
      select id, number, entity, entity_id, position, previous, hash from ${sql.identifier(db.schema)}.audit_entries
      where ${beyond} order by entity_id, entity, position limit ${AT_ONCE}`)))] as Link[];
  };
  let before: Link | undefined;
  for await (const rows of partsOf({ part, atOnce: AT_ONCE, keyOf: (row) => row })) {
    for (const row of rows) {
      follow(row, before && sameStream(before, row) ? before : undefined, findings);
      before = row;
    }
    onEntries?.(rows.length);
  }
}

const sameStream = (a: Link, b: Link) => a.entity === b.entity && a.entity_id === b.entity_id;

function follow(row: Link, before: Link | undefined, findings: Findings): void {
  const [entity, entityId, expected] = [row.entity, row.entity_id, (before?.position ?? 0) + 1];
  if (row.position !== expected) {
    findings.add({ kind: row.position > expected ? 'entry_removed' : 'entry_inserted', entry: { entity, entityId, position: row.position > expected ? expected : row.position } });
  } else if (!row.previous.equals(before?.hash ?? Buffer.alloc(0))) {
    findings.add({ kind: 'link_broken', entry: { id: row.id, number: Number(row.number), entity, entityId, position: row.position } });
  }
}
