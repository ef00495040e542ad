import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import postgres from 'postgres';
import { inject } from 'vitest';
import { migrateService } from '../../db/migrate.ts';
import { ownerOf, provision, roleOf, type ServiceName, urlAs } from '../../db/provision.ts';
import { dataStepsOf } from '../../runtime/data-steps.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

export type Installation = {
  /** As the service’s own role, and so is `sql`. */
  url: string;
  sql: postgres.Sql;
  /** As a start of today does it. */
  upgrade(): Promise<void>;
  drop(): Promise<void>;
};

/** A service's schema as an installation had it whose last migration is this one: empty, and its own role's. */
export async function installationAt(service: ServiceName, last: string): Promise<Installation> {
  const name = `upgrade_${Math.random().toString(36).slice(2)}`;
  const admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name}`);
  const as = new URL(inject('adminUrl'));
  as.pathname = `/${name}`;
  const superuser = postgres(as.href, { max: 1 });
  await superuser.unsafe(`create schema ${service} authorization ${roleOf(service)}`);
  await superuser.end();
  const url = urlAs(as.href, roleOf(service), inject('passwords')[service]);
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`create table ${service}.migrations (hash text primary key, made_at bigint not null, applied_at timestamptz not null default now())`);
  const folder = fileURLToPath(new URL(`../../db/migrations/${service}`, import.meta.url));
  const { entries } = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as { entries: { tag: string }[] };
  const before = entries.findIndex(({ tag }) => tag === last) + 1;
  if (before === 0) throw new Error(`no migration ${last} of ${service}`);
  for (const { sql: statements, hash, folderMillis } of readMigrationFiles({ migrationsFolder: folder }).slice(0, before)) {
    for (const statement of statements) await sql.unsafe(statement);
    await sql`insert into ${sql(`${service}.migrations`)} (hash, made_at) values (${hash}, ${folderMillis})`;
  }
  return {
    url,
    sql,
    upgrade: async () => {
      await provision(as.href, { [service]: inject('passwords')[service] });
      await migrateService(service, { url: as.href, owner: ownerOf(service), role: roleOf(service), steps: dataStepsOf(service, TEST_SECRETS) });
    },
    drop: async () => {
      await sql.end();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
