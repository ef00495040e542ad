import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { DataSteps } from './data-steps.ts';
import { grantsTo } from './grants.ts';
import type { ServiceName } from './provision.ts';

export type Migrating = {
  /** Of the role that owns the service's schema, or of one that may become it. */
  url: string;
  /** The owner, where the URL is not its own. */
  owner?: string;
  /** The service works as this role, which is given what it needs; absent where it owns its tables itself. */
  role?: string;
  steps?: DataSteps;
};

/**
 * Brings one service's schema up to date under a lock: two starts at once are safe. A migration and its data step are
 * one transaction with all others that are missing; where none is, nothing is needed but to read. Not drizzle's own
 * `migrate`: that always creates the schema, which a role without rights on the database may not.
 */
export async function migrateService(service: ServiceName, { url, owner, role, steps = {} }: Migrating): Promise<void> {
  const connection = { search_path: service, ...(owner === undefined ? {} : { role: owner }) };
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 10, connection });
  const migrations = migrationsOf(service);
  try {
    if (role === undefined && (await missing(client, service, migrations)).length === 0) return;
    // Of the session, which ends below: what is rewritten after COMMIT is still nobody else's business.
    await client`select pg_advisory_lock(hashtext(${`trial-enrollment/migrate/${service}`}))`;
    const rewritten = await drizzle(client).transaction(async (tx) => {
      const run = (text: string) => tx.execute(sql.raw(text));
      await run(`create table if not exists ${service}.migrations (hash text primary key, made_at bigint not null, applied_at timestamptz not null default now())`);
      const applied = new Set([...(await run(`select hash from ${service}.migrations`))].map((row) => String(row['hash'])));
      const tables: string[] = [];
      for (const { tag, hash, folderMillis, statements } of migrations) {
        if (applied.has(hash)) continue;
        for (const statement of statements) await run(statement);
        const step = steps[tag];
        await step?.run(tx);
        tables.push(...(step?.rewritten ?? []));
        await tx.execute(sql`insert into ${sql.identifier(service)}.migrations (hash, made_at) values (${hash}, ${folderMillis})`);
      }
      if (role !== undefined) for (const grant of grantsTo(`"${role.replaceAll('"', '""')}"`, service)) await run(grant);
      return tables;
    });
    // What was sealed must not go on standing in dead rows.
    for (const table of new Set(rewritten)) await client.unsafe(`vacuum full ${service}.${table}`);
  } finally {
    await client.end({ timeout: 5 });
  }
}

type Migration = { tag: string; hash: string; folderMillis: number; statements: string[] };

/** All of them when the schema is empty. */
async function missing(client: postgres.Sql, service: ServiceName, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const [known] = await client`select to_regclass(${`${service}.migrations`}) is not null as "isThere"`;
  if (!known?.['isThere']) return migrations;
  const applied = new Set((await client.unsafe<{ hash: string }[]>(`select hash from ${service}.migrations`)).map(({ hash }) => hash));
  return migrations.filter(({ hash }) => !applied.has(hash));
}

/** The migrations in their order, each with the name by which its data step is found. */
export function migrationsOf(service: ServiceName): Migration[] {
  const folder = fileURLToPath(new URL(`./migrations/${service}`, import.meta.url));
  const { entries } = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as { entries: { tag: string }[] };
  return readMigrationFiles({ migrationsFolder: folder }).map(({ hash, folderMillis, sql: statements }, index) => ({
    tag: entries[index]!.tag, hash, folderMillis, statements,
  }));
}
