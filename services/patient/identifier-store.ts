import type { KeyObject } from 'node:crypto';
import { inArray, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { type DataKey, statement, type Transaction } from '../../db/index.ts';
import { type Identifier, identifierHash, RESIDENT_ID } from './identifier.ts';
import { identifierCells } from './sealed-rows.ts';
import { patientIdentifiers } from './tables.ts';

export type HashedIdentifier = Identifier & { hash: string };

/** All identifiers of a person's details, the resident ID among them, each once and with its hash. */
export function hashedIdentifiers(
  indexKey: KeyObject,
  details: { idCard?: string | undefined; identifiers?: Identifier[] | undefined },
): HashedIdentifier[] {
  const given = [...(details.idCard ? [{ ...RESIDENT_ID, value: details.idCard }] : []), ...(details.identifiers ?? [])];
  const byHash = new Map(given.map((one) => [identifierHash(indexKey, one), one]));
  return [...byHash].map(([hash, one]) => ({ ...one, hash }));
}

/**
 * Makes everybody who registers or adds one of these identifiers wait for the end of this transaction, in one
 * order for all (no deadlock), and returns whose they are now.
 */
export async function lockIdentifiers(tx: Transaction, given: HashedIdentifier[]): Promise<{ patientId: string; hash: string }[]> {
  const hashes = given.map((one) => one.hash).toSorted();
  for (const hash of hashes) {
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${hash}, 0))`));
  }
  return statement(
    tx
      .select({ patientId: patientIdentifiers.patientId, hash: patientIdentifiers.hash })
      .from(patientIdentifiers)
      .where(inArray(patientIdentifiers.hash, hashes)),
  );
}

/** Writes identifiers of a person. The caller holds their locks. */
export async function addIdentifiers(
  tx: Transaction,
  { patientId, key, identifiers, at }: { patientId: string; key: DataKey; identifiers: HashedIdentifier[]; at: Date },
): Promise<void> {
  if (identifiers.length === 0) return;
  const rows = identifiers.map(({ type, country, value, hash }) => {
    const id = uuidv7();
    return { id, patientId, type, country, value: identifierCells(key, id).seal('value', value), hash, createdAt: at };
  });
  await statement(tx.insert(patientIdentifiers).values(rows));
}
