import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { openBytes, sealBytes, SealBrokenError } from './aead.ts';
import type { KeyProvider } from './key-provider.ts';

/** Where a sealed value stands. It opens nowhere else. */
export type Place = { table: string; row: string; column: string };

/** The key of one owner's data: whoever destroys it makes all of that unreadable. */
export type DataKey = { readonly id: string; readonly owner: string; seal(place: Place, text: string): Buffer; open(place: Place, sealed: Uint8Array): string };

/** The sealed cells of one row. What is null stays null; where the key was destroyed, all of them read as null. */
export type Cells = {
  seal<T extends string | null>(column: string, text: T): T extends null ? null : Buffer;
  open(column: string, sealed: Uint8Array | null): string | null;
};

export function cellsOf(key: DataKey | null | undefined, { table, row }: Omit<Place, 'column'>): Cells {
  return {
    seal: (column, text) => {
      if (text === null) return null as never;
      if (!key) throw new DataKeyDestroyedError();
      return key.seal({ table, row, column }, text) as never;
    },
    open: (column, sealed) => (key && sealed !== null ? key.open({ table, row, column }, sealed) : null),
  };
}

type Executor = { execute(query: SQL): PromiseLike<Iterable<Record<string, unknown>>> };
type Row = { id: string; owner: string; wrapped: Uint8Array | null; keyId: string | null; mine: boolean };

/** The owner of what belongs to no participant: staff, and what a service notes about its own work. */
export const SERVICE_OWNER = 'service';

/** The owner's data key was destroyed (erasure): what it sealed can't be read any more, and nothing new is sealed. */
export class DataKeyDestroyedError extends Error {
  override readonly name = 'DataKeyDestroyedError';
  readonly code = 'identifiers_erased';
  readonly publicText = 'The identifying data of this participant have been erased.';
  readonly retryable = false;
  constructor() {
    super('the data key of this owner was destroyed');
  }
}

const VERSION = 1;
const ID_BYTES = 16;
/** Unwrapped keys kept in memory, and for how long: a key that another process destroys goes on opening for as long. */
const MOST_KEPT = 5000;
const KEPT_MS = 5000;

/** The data keys of one service: one per owner, in its table `data_keys`, wrapped by the key provider. */
export function createVault({ schema, keys }: { schema: string; keys: KeyProvider }) {
  const table = sql`${sql.identifier(schema)}.data_keys`;
  const kept = new Map<string, { key: DataKey; until: number }>();

  const unwrapped = async ({ id, owner, wrapped, keyId, mine }: Row): Promise<DataKey | null> => {
    if (wrapped === null || keyId === null) return null;
    const secret = createSecretKey(await keys.unwrap({ keyId, wrapped }, contextOf(schema, { id, owner })));
    const key = dataKey({ schema, id, owner }, secret);
    // One that this very transaction has made may be rolled back.
    if (!mine) keep(kept, owner, key);
    return key;
  };

  /** The keys of these owners, those that have one: null where it was destroyed. */
  const keysOf = async (orm: Executor, owners: readonly string[]): Promise<Map<string, DataKey | null>> => {
    const found = new Map<string, DataKey | null>();
    const wanted = [...new Set(owners)].filter((owner) => {
      const known = kept.get(owner);
      if (!known || known.until < Date.now()) return true;
      found.set(owner, known.key);
      return false;
    });
    if (wanted.length === 0) return found;
    const rows = await orm.execute(sql`
      select id, owner, wrapped, key_id as "keyId", coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) as mine
      from ${table} where owner in (${sql.join(wanted.map((owner) => sql`${owner}`), sql`, `)})`);
    for (const row of rows as Iterable<Row>) found.set(row.owner, await unwrapped(row));
    return found;
  };

  /** The owner's key, made on first use in the caller's transaction. Throws DataKeyDestroyedError. */
  const keyFor = async (tx: Executor, owner: string): Promise<DataKey> => {
    const known = (await keysOf(tx, [owner])).get(owner);
    if (known) return known;
    if (known === null) throw new DataKeyDestroyedError();
    // When somebody else's transaction makes it first, it is there afterwards.
    return (await newKey(tx, owner)) ?? keyFor(tx, owner);
  };

  /** A key for an owner who has none; undefined when there is one by now. */
  const newKey = async (tx: Executor, owner: string): Promise<DataKey | undefined> => {
    const id = uuidv7();
    const secret = randomBytes(32);
    const { keyId, wrapped } = await keys.wrap(secret, contextOf(schema, { id, owner }));
    const made = await tx.execute(sql`
      insert into ${table} (id, owner, wrapped, key_id) values (${id}, ${owner}, decode(${Buffer.from(wrapped).toString('base64')}, 'base64'), ${keyId})
      on conflict do nothing returning 1`);
    return [...made].length > 0 ? dataKey({ schema, id, owner }, createSecretKey(secret)) : undefined;
  };

  return {
    keysOf,
    keyFor,
    newKey,
    /** The owner's key as `keyFor` gives it where one of these is a text; where there is nothing to seal, nothing is asked. */
    keyToSeal: async (tx: Executor, owner: string, texts: readonly (string | null | undefined)[]): Promise<DataKey | undefined> =>
      texts.some((text) => typeof text === 'string') ? keyFor(tx, owner) : undefined,
    /** Destroys the owner's key, for good; false when there is none (any more). */
    destroy: async (tx: Executor, owner: string): Promise<boolean> => {
      kept.delete(owner);
      const destroyed = await tx.execute(sql`
        update ${table} set wrapped = null, key_id = null, destroyed_at = now() where owner = ${owner} and destroyed_at is null returning 1`);
      return [...destroyed].length > 0;
    },
    /** Wraps up to `limit` keys anew that another key than the current one wraps. Repeat until none is left. */
    rewrap: async (tx: Executor, limit: number): Promise<{ rewrapped: number; keyId: string }> => {
      const current = await keys.currentKeyId();
      const rows = await tx.execute(sql`
        select id, owner, wrapped, key_id as "keyId", false as mine from ${table}
        where destroyed_at is null and key_id <> ${current} order by id limit ${limit} for update skip locked`);
      const stale = [...(rows as Iterable<Row>)];
      for (const { id, owner, wrapped, keyId } of stale) {
        const context = contextOf(schema, { id, owner });
        const secret = await keys.unwrap({ keyId: keyId!, wrapped: wrapped! }, context);
        const again = await keys.wrap(secret, context);
        await tx.execute(sql`
          update ${table} set wrapped = decode(${Buffer.from(again.wrapped).toString('base64')}, 'base64'), key_id = ${again.keyId} where id = ${id}`);
      }
      return { rewrapped: stale.length, keyId: current };
    },
    /** How many keys are wrapped by another key than the current one. */
    stale: async (orm: Executor): Promise<number> => {
      const current = await keys.currentKeyId();
      const [row] = [...(await orm.execute(sql`select count(*)::int as n from ${table} where destroyed_at is null and key_id <> ${current}`))];
      return Number(row?.['n']);
    },
  };
}

export type Vault = ReturnType<typeof createVault>;
export { SealBrokenError };

const contextOf = (schema: string, { id, owner }: { id: string; owner: string }) => `${schema}/${owner}/${id}`;

function dataKey({ schema, id, owner }: { schema: string; id: string; owner: string }, secret: KeyObject): DataKey {
  const header = Buffer.concat([Buffer.from([VERSION]), Buffer.from(id.replaceAll('-', ''), 'hex')]);
  const placeText = ({ table, row, column }: Place) => JSON.stringify([schema, table, row, column]);
  return {
    id,
    owner,
    seal: (place, text) => Buffer.concat([header, sealBytes(secret, Buffer.from(text, 'utf8'), placeText(place))]),
    open: (place, sealed) => {
      if (!header.equals(sealed.subarray(0, 1 + ID_BYTES))) throw new SealBrokenError();
      return openBytes(secret, sealed.subarray(1 + ID_BYTES), placeText(place)).toString('utf8');
    },
  };
}

function keep(kept: Map<string, { key: DataKey; until: number }>, owner: string, key: DataKey): void {
  // The oldest goes first: a Map keeps the order in which its entries came.
  kept.delete(owner);
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(owner, { key, until: Date.now() + KEPT_MS });
}
