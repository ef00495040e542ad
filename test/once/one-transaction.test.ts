import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type ServiceDatabase, statement, undoCommand } from '../../db/index.ts';
import { ledger } from '../../services/site/ledger.ts';
import { sites } from '../../services/site/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: ServiceDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('site');
});
afterAll(() => database.drop());

const command = (key: string) => ({ db, ledger, verb: 'createSite', key, ctx: { actor: { kind: 'test' }, requestId: 'r' } });

/** A site written as a command, with an audit row for it whose entity may be missing. */
async function write(key: string, options: { entity?: string | null } = {}) {
  const id = uuidv7();
  await runCommand({ ...command(key), content: { id } }, async (tx, audit) => {
    await statement(tx.insert(sites).values({ id, code: key, name: 'Hospital', timezone: 'UTC', createdAt: new Date() }));
    const entity = options.entity === undefined ? 'site' : options.entity;
    audit({ action: 'C', entity: entity as string, entityId: id });
    return { id };
  });
  return id;
}

/** Number of transactions that have written the last version of these rows. */
async function transactions(key: string, id: string): Promise<number> {
  const rows = await database.sql`
    select xmin from site.sites where id = ${id}
    union select xmin from site.command_keys where key = ${key}
    union select xmin from site.audit_entries where command_key = ${key}`;
  return rows.length;
}

describe('A command', () => {
  it('writes effect, key, result and audit row in one transaction, also the statements that go out with COMMIT', async () => {
    // More than the pool has connections, so that some wait for one.
    const keys = Array.from({ length: 40 }, () => uuidv7());
    const ids = await Promise.all(keys.map((key) => write(key)));
    expect(await Promise.all(keys.map((key, at) => transactions(key, ids[at] ?? '')))).toEqual(keys.map(() => 1));
    const [row] = await database.sql`select result from site.command_keys where key = ${keys[0] ?? ''}`;
    expect(row?.['result']).toEqual({ id: ids[0] });
  });

  it('has no effect when its audit row cannot be written, and says so', async () => {
    const key = uuidv7();
    await expect(write(key, { entity: null })).rejects.toMatchObject({ name: 'DatabaseError' });
    expect(await database.sql`select 1 from site.sites where code = ${key}`).toHaveLength(0);
    expect(await database.sql`select 1 from site.command_keys where key = ${key}`).toHaveLength(0);
    // The connection is fit for the next one, and the key is free.
    await write(key);
  });

  it('is undone in one transaction, too', async () => {
    const key = uuidv7();
    const id = await write(key);
    await undoCommand<{ id: string }>(command(key), async (tx, result, audit) => {
      await statement(tx.update(sites).set({ name: 'Closed' }).where(eq(sites.id, result.id)));
      audit({ action: 'U', entity: 'site', entityId: result.id });
    });
    const rows = await database.sql`
      select xmin from site.sites where id = ${id}
      union select xmin from site.command_keys where key = ${key}
      union select xmin from site.audit_entries where command_key = ${key} and action = 'U'`;
    expect(rows).toHaveLength(1);
  });
});
