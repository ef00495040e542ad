import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { DataSteps } from './data-steps.ts';
import type { ServiceName } from './provision.ts';

/**
 * Brings one service's schema up to date, as the service's own role, under a lock: two starts at once are safe. A
 * migration and its data step are one transaction with all others that are missing. Not drizzle's own `migrate`: that
 * always creates the schema, which a role without rights on the database may not.
 */
export async function migrateService(service: ServiceName, url: string, steps: DataSteps = {}): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 10, connection: { search_path: service } });
  try {
    const rewritten = await drizzle(client).transaction(async (tx) => {
      const run = (text: string) => tx.execute(sql.raw(text));
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`trial-enrollment/migrate/${service}`}))`);
      await run(`create table if not exists ${service}.migrations (hash text primary key, made_at bigint not null, applied_at timestamptz not null default now())`);
      const applied = new Set([...(await run(`select hash from ${service}.migrations`))].map((row) => String(row['hash'])));
      const tables: string[] = [];
      for (const { tag, hash, folderMillis, statements } of migrationsOf(service)) {
        if (applied.has(hash)) continue;
        for (const statement of statements) await run(statement);
        const step = steps[tag];
        await step?.run(tx);
        tables.push(...(step?.rewritten ?? []));
        await tx.execute(sql`insert into ${sql.identifier(service)}.migrations (hash, made_at) values (${hash}, ${folderMillis})`);
      }
      return tables;
    });
    // What was sealed must not go on standing in dead rows.
    for (const table of new Set(rewritten)) await client.unsafe(`vacuum full ${service}.${table}`);
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** The migrations in their order, each with the name by which its data step is found. */
function migrationsOf(service: ServiceName) {
  const folder = fileURLToPath(new URL(`./migrations/${service}`, import.meta.url));
  const { entries } = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as { entries: { tag: string }[] };
  return readMigrationFiles({ migrationsFolder: folder }).map(({ hash, folderMillis, sql: statements }, index) => ({
    tag: entries[index]!.tag, hash, folderMillis, statements,
  }));
}
