import { afterAll, beforeAll, expect, it } from 'vitest';
import postgres from 'postgres';
import { SERVICES } from '../../db/provision.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const service of SERVICES) {
    await database.sql`insert into ${database.sql(`${service}.audit_entries`)} ${database.sql({ id: crypto.randomUUID(), action: 'C', verb: 'v', entity: 'e', entity_id: 'x', actor: {}, details: Buffer.from('x'), owner: 'service', request_id: 'r' })}`;
  }
});
afterAll(() => database.drop());

const CHANGES = ['update SCHEMA.audit_entries set verb = verb', 'update SCHEMA.audit_entries set at = now() where false', 'delete from SCHEMA.audit_entries', 'truncate SCHEMA.audit_entries', 'truncate SCHEMA.audit_entries cascade'];

it.each(SERVICES)('the trail of %s is changed by nobody: not by its own service, nor by the superuser as things are', async (service) => {
  const own = postgres(database.urlOf(service), { max: 1, onnotice: () => undefined });
  for (const change of CHANGES) {
    const text = change.replaceAll('SCHEMA', service);
    await expect(own.unsafe(text), text).rejects.toThrow(/permission denied|append-only/);
    await expect(database.sql.unsafe(text), text).rejects.toThrow(/append-only/);
  }
  await own.end();
  expect(await database.sql.unsafe(`select 1 from ${service}.audit_entries`)).toHaveLength(1);
});
