import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SealBrokenError } from '../../db/encryption/aead.ts';
import { type KeyProvider, KeyUnavailableError, ringKeyProvider } from '../../db/encryption/key-provider.ts';
import { cellsOf, connectDatabase, createVault, DataKeyDestroyedError, type ServiceDatabase, withTransaction } from '../../db/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { memoryRing, TEST_SECRETS } from '../support/secrets.ts';

let database: TestDatabase;
let db: ServiceDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('patient');
});
afterAll(() => database.drop());

const place = { table: 'patients', row: 'r1', column: 'name' };
const vaultWith = (keys: KeyProvider) => createVault({ schema: 'patient', keys });
const keyFor = (vault: ServiceDatabase['vault'], owner: string) => withTransaction(db, (tx) => vault.keyFor(tx, owner));
const wrappedBy = async (owner: string) => (await database.sql`select key_id from patient.data_keys where owner = ${owner}`)[0]?.['key_id'] as string | null;

describe('a data key', () => {
  it('is one per owner, also when many want the first at once, in two processes', async () => {
    const owner = uuidv7();
    const other = database.connect('patient');
    const keys = await Promise.all(Array.from({ length: 20 }, (_, n) => withTransaction(n % 2 ? db : other, (tx) => (n % 2 ? db : other).vault.keyFor(tx, owner))));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    const sealed = keys[0]!.seal(place, '张三');
    for (const key of keys) expect(key.open(place, sealed)).toBe('张三');
  });

  it('opens what it sealed at its place only: another row, column, table, schema or owner is refused', async () => {
    const owner = uuidv7();
    const key = await keyFor(db.vault, owner);
    const sealed = key.seal(place, 'secret');
    for (const moved of [{ row: 'r2' }, { column: 'email' }, { table: 'consents' }]) expect(() => key.open({ ...place, ...moved }, sealed)).toThrow(SealBrokenError);
    const another = await keyFor(db.vault, uuidv7());
    expect(() => another.open(place, sealed)).toThrow(SealBrokenError);
    // The wrapped key of one owner, copied into the line of another, does not open.
    const thief = uuidv7();
    await database.sql`insert into patient.data_keys (id, owner, wrapped, key_id) select ${uuidv7()}::uuid, ${thief}, wrapped, key_id from patient.data_keys where owner = ${owner}`;
    await expect(keyFor(db.vault, thief)).rejects.toThrow(SealBrokenError);
  });

  it('of a transaction that was rolled back seals nothing afterwards', async () => {
    const owner = uuidv7();
    const lost = await withTransaction(db, async (tx) => {
      const key = await db.vault.keyFor(tx, owner);
      await db.vault.keyFor(tx, owner);
      throw Object.assign(new Error('rolled back'), { key });
    }).catch((error: unknown) => (error as { key: { id: string } }).key);
    const key = await keyFor(db.vault, owner);
    expect(key.id).not.toBe(lost.id);
    expect(await keyFor(database.connect('patient').vault, owner)).toMatchObject({ id: key.id });
  });

  it('stands in the table wrapped, never as it is', async () => {
    const owner = uuidv7();
    let secret = Buffer.alloc(0);
    const spying: KeyProvider = { ...TEST_SECRETS.keys, wrap: (dataKey, context) => ((secret = Buffer.from(dataKey)), TEST_SECRETS.keys.wrap(dataKey, context)) };
    await keyFor(vaultWith(spying), owner);
    const [row] = await database.sql<{ wrapped: Buffer }[]>`select wrapped from patient.data_keys where owner = ${owner}`;
    expect(secret).toHaveLength(32);
    expect(row!.wrapped.includes(secret)).toBe(false);
  });

  it('that was destroyed reads as nothing, seals nothing, and is never made anew', async () => {
    const owner = uuidv7();
    const key = await keyFor(db.vault, owner);
    const sealed = key.seal(place, 'secret');
    expect(await withTransaction(db, (tx) => db.vault.destroy(tx, owner))).toBe(true);
    expect(await withTransaction(db, (tx) => db.vault.destroy(tx, owner))).toBe(false);
    const keys = await db.vault.keysOf(db.orm, [owner]);
    expect(keys.get(owner)).toBeNull();
    expect(cellsOf(keys.get(owner), place).open('name', sealed)).toBeNull();
    expect(() => cellsOf(keys.get(owner), place).seal('name', 'again')).toThrow(DataKeyDestroyedError);
    await expect(keyFor(db.vault, owner)).rejects.toThrow(DataKeyDestroyedError);
    const [row] = await database.sql`select wrapped, key_id from patient.data_keys where owner = ${owner}`;
    expect(row).toEqual({ wrapped: null, key_id: null });
  });
});

describe('a new key-encryption key', () => {
  const before = vaultWith(ringKeyProvider(memoryRing('old')));
  const after = vaultWith(ringKeyProvider(memoryRing('old', 'new')));
  const rewrap = (limit: number) => withTransaction(db, (tx) => after.rewrap(tx, limit));

  it('takes the data keys over in parts, which may be cut short and go on, while they are read and made', async () => {
    await database.sql`truncate patient.data_keys`;
    const owners = Array.from({ length: 25 }, () => uuidv7());
    const sealed = new Map<string, Buffer>();
    for (const owner of owners) sealed.set(owner, (await keyFor(before, owner)).seal(place, owner));
    expect(await after.stale(db.orm)).toBe(25);
    expect(await rewrap(10)).toEqual({ rewrapped: 10, keyId: 'new' });
    // Cut short: half of the next part is lost with its transaction.
    await withTransaction(db, async (tx) => {
      await after.rewrap(tx, 10);
      throw new Error('killed');
    }).catch(() => undefined);
    expect(await after.stale(db.orm)).toBe(15);
    const made = await keyFor(after, uuidv7());
    expect(made.id).toBeDefined();
    // Two at once share the work.
    const shares = await Promise.all([rewrap(10), rewrap(10)]);
    expect(shares[0].rewrapped + shares[1].rewrapped).toBe(15);
    expect(await after.stale(db.orm)).toBe(0);
    const onlyNew = vaultWith(ringKeyProvider(memoryRing('new')));
    for (const owner of owners) {
      expect(await wrappedBy(owner)).toBe('new');
      expect((await keyFor(onlyNew, owner)).open(place, sealed.get(owner)!)).toBe(owner);
    }
  });

  it('that is missing is said by its id, and may come back', async () => {
    const owner = uuidv7();
    await keyFor(after, owner);
    const failure = await keyFor(before, owner).catch((error: unknown) => error as KeyUnavailableError);
    expect(failure).toBeInstanceOf(KeyUnavailableError);
    expect(failure).toMatchObject({ code: 'key_unavailable', retryable: true });
  });
});

it('a service reads no other service’s keys', async () => {
  const study = connectDatabase({ url: database.urlOf('study'), schema: 'study', secrets: TEST_SECRETS });
  try {
    await expect(study.orm.execute(sql`select * from patient.data_keys`)).rejects.toThrow();
  } finally {
    await study.close();
  }
});
