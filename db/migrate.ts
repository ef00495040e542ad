import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import postgres from 'postgres';
import type { ServiceName } from './provision.ts';

/**
 * Brings one service's schema up to date, as the service's own role, under a lock: two starts at once are safe.
 * Not drizzle's own `migrate`: that always creates the schema, which a role without rights on the database may not.
 */
export async function migrateService(service: ServiceName, url: string): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder: fileURLToPath(new URL(`./migrations/${service}`, import.meta.url)) });
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext(${`trial-enrollment/migrate/${service}`}))`;
      await tx.unsafe(`create table if not exists ${service}.migrations (hash text primary key, made_at bigint not null, applied_at timestamptz not null default now())`);
      const applied = new Set((await tx.unsafe(`select hash from ${service}.migrations`)).map((row) => String(row['hash'])));
      for (const migration of migrations) {
        if (applied.has(migration.hash)) continue;
        for (const statement of migration.sql) await tx.unsafe(statement);
        await tx.unsafe(`insert into ${service}.migrations (hash, made_at) values ($1, $2)`, [migration.hash, migration.folderMillis]);
      }
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
