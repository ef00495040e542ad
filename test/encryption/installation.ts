import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import postgres from 'postgres';
import { inject } from 'vitest';
import { provision, roleOf, type ServiceName, urlAs } from '../../db/provision.ts';

export type Installation = { url: string; sql: postgres.Sql; drop(): Promise<void> };

/** A service's schema as an installation had it whose last migration is this one: empty, and its own role's. */
export async function installationAt(service: ServiceName, last: string): Promise<Installation> {
  const name = `upgrade_${Math.random().toString(36).slice(2)}`;
  const admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name}`);
  const as = new URL(inject('adminUrl'));
  as.pathname = `/${name}`;
  await provision(as.href, inject('passwords'));
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
    drop: async () => {
      await sql.end();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
