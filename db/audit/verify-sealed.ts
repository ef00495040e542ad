import { type SQL, sql } from 'drizzle-orm';
import { read } from '../transaction.ts';
import { ENTRY_COLUMNS, entryHash, type EntryRow } from './entry-hash.ts';
import type { Findings } from './finding.ts';
import { partsOf } from './parts-of.ts';
import { entriesOf, type Seal } from './seal.ts';
import type { Verifying } from './verify-trail.ts';

const AT_ONCE = 2000;

/** Holds the entries of a seal against it: each must be there and say what it said then, and no other. */
export async function verifySealed(at: Verifying, seal: Seal, findings: Findings): Promise<number> {
  const missing = entriesOf(seal);
  // Of entries that have changed places, the hash of one stands at the number of another.
  const sealedHashes = new Set<string>();
  const hashes = () => {
    if (sealedHashes.size === 0) for (const hash of entriesOf(seal).values()) sealedHashes.add(hash.toString('hex'));
    return sealedHashes;
  };
  let count = 0;
  for await (const row of rowsOf(at, sql`number > ${seal.after} and number <= ${seal.upTo}`)) {
    count += 1;
    const number = Number(row.number);
    const wanted = missing.get(number);
    missing.delete(number);
    const entry = nameOf(row);
    if (!wanted) findings.add({ kind: 'entry_inserted', entry, seal: seal.number });
    else if (!row.hash.equals(wanted)) findings.add({ kind: hashes().has(row.hash.toString('hex')) ? 'entry_moved' : 'entry_altered', entry, seal: seal.number });
    else if (!entryHash(at.db.schema, row).equals(wanted)) findings.add({ kind: 'entry_altered', entry, seal: seal.number });
  }
  for (const number of missing.keys()) findings.add({ kind: 'entry_removed', entry: { number }, seal: seal.number });
  return count;
}

/** What no seal is about: entries since the last one, and such as have got numbers that no seal can be about. */
export async function verifyUnsealed(at: Verifying, { after }: { after: number }, findings: Findings): Promise<number> {
  for await (const row of rowsOf(at, sql`number <= 0`)) findings.add({ kind: 'entry_inserted', entry: nameOf(row) });
  let count = 0;
  for await (const row of rowsOf(at, sql`number > ${after}`)) {
    count += 1;
    if (!entryHash(at.db.schema, row).equals(row.hash)) findings.add({ kind: 'entry_altered', entry: nameOf(row) });
  }
  return count;
}

/** In the order of their numbers, a part at a time: memory stays flat however many there are. */
async function* rowsOf({ db, onEntries }: Verifying, condition: SQL): AsyncGenerator<EntryRow> {
  const part = async (after: string | undefined): Promise<EntryRow[]> => {
    const beyond = after === undefined ? sql`true` : sql`number > ${after}`;
    return [...(await read(db, (orm) => orm.execute(sql`
      select ${ENTRY_COLUMNS} from ${sql.identifier(db.schema)}.audit_entries where ${condition} and ${beyond} order by number limit ${AT_ONCE}`)))] as EntryRow[];
  };
  for await (const rows of partsOf({ part, atOnce: AT_ONCE, keyOf: ({ number }) => number })) {
    yield* rows;
    onEntries?.(rows.length);
  }
}

function nameOf(row: EntryRow) {
  return { id: row.id, number: Number(row.number), entity: row.entity, entityId: row.entity_id, position: row.position };
}
