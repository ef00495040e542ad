import { sql } from 'drizzle-orm';
import type { ServiceDatabase } from './connect.ts';
import { migrationsOf } from './migrate.ts';
import { read } from './transaction.ts';
import type { ServiceName } from './provision.ts';

export type DatabaseState = {
  /** Of PostgreSQL. */
  version: string;
  /** Its clock against this machine's, in milliseconds; positive when it is ahead. */
  skewMs: number;
  /** Migrations of this release that are not applied; and how many are that it does not know. */
  missing: string[];
  unknown: number;
};

/** The state of a service's database, for operators. Throws DatabaseError when it does not answer. */
export async function stateOfDatabase(db: ServiceDatabase): Promise<DatabaseState> {
  const before = Date.now();
  const [clock] = await read(db, (orm) => orm.execute<{ version: string; now: string }>(sql`select current_setting('server_version') as version, clock_timestamp()::text as now`));
  const halfway = (before + Date.now()) / 2;
  const rows = await read(db, (orm) => orm.execute<{ hash: string }>(sql`select hash from ${sql.identifier(db.schema)}.migrations`));
  const applied = new Set(rows.map(({ hash }) => hash));
  const known = migrationsOf(db.schema as ServiceName);
  const missing = known.filter(({ hash }) => !applied.has(hash)).map(({ tag }) => tag);
  return { version: clock?.version ?? '', skewMs: Math.round(Date.parse(clock?.now ?? '') - halfway), missing, unknown: applied.size - (known.length - missing.length) };
}
