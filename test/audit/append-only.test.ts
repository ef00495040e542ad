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

const BEYOND = [
  'alter table SCHEMA.audit_entries disable trigger all', 'drop trigger audit_entries_chained on SCHEMA.audit_entries', 'alter table SCHEMA.audit_entries add column more text',
  'drop table SCHEMA.audit_seals', 'update SCHEMA.audit_seals set number = number', 'create table SCHEMA.other (id int)', 'drop function SCHEMA.audit_hash', "grant update on SCHEMA.audit_entries to current_user",
  'create or replace function SCHEMA.refuse_change_of_audit() returns trigger language plpgsql as $$ begin return new; end $$', "insert into SCHEMA.migrations (hash, made_at) values ('x', 1)", 'set session_replication_role = replica',
  "insert into SCHEMA.audit_entries (id, action, verb, entity, entity_id, actor, details, owner, request_id, number) values (gen_random_uuid(), 'C', 'v', 'e', 'x', '{}', '', 'service', 'r', 7)",
  "insert into SCHEMA.audit_entries (id, action, verb, entity, entity_id, actor, details, owner, request_id, at) values (gen_random_uuid(), 'C', 'v', 'e', 'x', '{}', '', 'service', 'r', now())",
];

it.each(SERVICES)('the role that %s works as can neither change its tables nor choose place, time or hash of an entry', async (service) => {
  const own = postgres(database.urlOf(service), { max: 1, onnotice: () => undefined });
  for (const change of BEYOND) {
    const text = change.replaceAll('SCHEMA', service);
    const refused = own.unsafe(text).then(() => 'done', (error: { code?: string }) => error.code);
    // A GRANT of what one may not grant is only warned about, and changes nothing.
    expect(await refused, text).toBe(change.startsWith('grant') ? 'done' : '42501');
  }
  await expect(own.unsafe(`update ${service}.audit_entries set verb = verb`)).rejects.toThrow('permission denied');
  await own.end();
});

it.each(SERVICES)('the role that %s works as sees nothing of the other services', async (service) => {
  const own = postgres(database.urlOf(service), { max: 1, onnotice: () => undefined });
  for (const other of SERVICES.filter((name) => name !== service)) {
    await expect(own.unsafe(`select 1 from ${other}.audit_entries`), other).rejects.toThrow('permission denied');
    await expect(own.unsafe(`set role ${other}_owner`), other).rejects.toThrow('permission denied');
  }
  await expect(own.unsafe(`set role ${service}_owner`)).rejects.toThrow('permission denied');
  await own.end();
});
