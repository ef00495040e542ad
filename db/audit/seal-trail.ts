import { sql } from 'drizzle-orm';
import type { ServiceDatabase } from '../connect.ts';
import { statement, type Transaction, withTransaction } from '../transaction.ts';
import { packed, rootOf, type Seal, sealHash, signed } from './seal.ts';
import type { SealKeys } from './seal-keys.ts';
import { lastSeal } from './seals.ts';

/** Entries of one seal, and seals of one round. */
const ENTRIES_AT_ONCE = 5000;
const MOST_SEALS = 100;
/** Whoever writes waits behind this one, so it gives up soon: the next round tries again. */
const LOCK_MS = 500;

type Sealing = { keys: SealKeys; clock: () => Date; onSeal?: (seal: Seal, hash: Buffer) => Promise<void> };

/**
 * Seals all entries of a service's trail that no seal is about yet, oldest first; returns how many, 0 when there are
 * none. `onSeal` is told of each seal once it stands. Two at once: the later one finds what is left. More than 500,000
 * are left to the next round. Throws DatabaseError.
 */
export async function sealTrail(db: ServiceDatabase, { keys, clock, onSeal }: Sealing): Promise<number> {
  const upTo = await settledUpTo(db);
  let count = 0;
  for (let seals = 0; seals < MOST_SEALS; seals += 1) {
    const made = await withTransaction(db, (tx) => nextSeal(tx, db.schema, { keys, clock, upTo }));
    if (!made) break;
    await onSeal?.(made.seal, sealHash(db.schema, made.seal));
    count += made.count;
  }
  return count;
}

/** The number up to which nothing can appear any more: every writer holds this lock shared until COMMIT. */
async function settledUpTo(db: ServiceDatabase): Promise<number> {
  return withTransaction(db, async (tx) => {
    await tx.execute(sql.raw(`set local lock_timeout = ${LOCK_MS}`));
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`trial-enrollment/audit/${db.schema}`})::bigint)`));
    const [row] = await tx.execute(sql`select coalesce(max(number), 0)::text as number from ${sql.identifier(db.schema)}.audit_entries`);
    return Number(row?.['number']);
  });
}

async function nextSeal(tx: Transaction, schema: string, { keys, clock, upTo }: Omit<Sealing, 'onSeal'> & { upTo: number }) {
  await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`trial-enrollment/seal/${schema}`})::bigint)`));
  const last = await lastSeal(tx, schema);
  const after = last?.upTo ?? 0;
  const found = await tx.execute(sql`
    select number, hash from ${sql.identifier(schema)}.audit_entries where number > ${after} and number <= ${upTo} order by number limit ${ENTRIES_AT_ONCE}`);
  const rows = [...found].map((row) => ({ number: Number(row['number']), hash: row['hash'] as Buffer }));
  const newest = rows.at(-1);
  if (!newest) return undefined;
  const entries = packed(rows);
  const { id, privateKey } = await keys.current();
  const previous = last ? sealHash(schema, last) : Buffer.alloc(0);
  const about = { number: (last?.number ?? 0) + 1, at: clock(), after, upTo: rows.length < ENTRIES_AT_ONCE ? upTo : newest.number };
  const seal = signed(schema, { ...about, entries, root: rootOf(entries), previous, keyId: id }, privateKey);
  const base64 = (bytes: Buffer) => sql`decode(${bytes.toString('base64')}, 'base64')`;
  await statement(tx.execute(sql`
    insert into ${sql.identifier(schema)}.audit_seals (number, at, after, up_to, entries, root, previous, key_id, signature)
    values (${seal.number}, ${seal.at.toISOString()}, ${after}, ${seal.upTo}, ${base64(entries)}, ${base64(seal.root)}, ${base64(previous)}, ${id}, ${base64(seal.signature)})`));
  return { seal, count: rows.length };
}
