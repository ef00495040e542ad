import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrateService } from '../../db/migrate.ts';
import { ownerOf, provision, roleOf, SERVICES } from '../../db/provision.ts';
import { dataStepsOf } from '../data-steps.ts';
import type { Secrets } from '../keys.ts';
import { FOREIGN_DATABASES, FOREIGN_ROLES } from './roster.ts';

type Server = {
  /** Of the superuser. */
  adminUrl: string;
  /** A file `<role>.password` for each role that logs in. */
  passwords: string;
  secrets: Secrets;
};

/**
 * On one server a database for each service, with a role that owns its tables and another one that the service works
 * as, brought up to date; and those of Temporal and of the token issuer, empty, with the role that owns each. Nobody
 * else may connect to any of them. Safe to repeat: it is how an upgrade migrates.
 */
export async function prepareServer({ adminUrl, passwords, secrets }: Server): Promise<void> {
  const passwordOf = async (role: string) => (await readFile(join(passwords, `${role}.password`), 'utf8')).trim();
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    for (const role of FOREIGN_ROLES) await login(sql, role, await passwordOf(role));
    for (const [database, owner] of Object.entries(FOREIGN_DATABASES)) await ensureDatabase(sql, { database, owner });
    for (const service of SERVICES) {
      await ensureDatabase(sql, { database: service });
      const at = new URL(adminUrl);
      at.pathname = `/${service}`;
      await provision(at.href, { [service]: await passwordOf(roleOf(service)) });
      await sql.unsafe(`grant connect on database ${service} to ${roleOf(service)}`);
      await migrateService(service, { url: at.href, owner: ownerOf(service), role: roleOf(service), steps: dataStepsOf(service, secrets) });
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Makes the role, or sets its password to what it is by now. */
async function login(sql: postgres.Sql, role: string, password: string): Promise<void> {
  const isKnown = (await sql`select 1 from pg_roles where rolname = ${role}`).length > 0;
  // A password can't be a parameter of DDL; format() of the server quotes it.
  const [ddl] = await sql`select format('%s role %I login password %L', ${isKnown ? 'alter' : 'create'}::text, ${role}::text, ${password}::text) as text`;
  await sql.unsafe(String(ddl?.['text']));
}

async function ensureDatabase(sql: postgres.Sql, { database, owner }: { database: string; owner?: string }): Promise<void> {
  const isKnown = (await sql`select 1 from pg_database where datname = ${database}`).length > 0;
  if (!isKnown) await sql.unsafe(`create database ${database}${owner === undefined ? '' : ` owner ${owner}`}`);
  await sql.unsafe(`revoke all on database ${database} from public`);
}
