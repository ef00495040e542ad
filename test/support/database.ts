import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { connectDatabase, type ServiceDatabase } from '../../db/index.ts';
import { TEST_SECRETS } from './secrets.ts';
import { roleOf, type ServiceName, urlAs } from '../../db/provision.ts';


export type TestDatabase = {
  /** Superuser URL of this file's own database. */
  url: string;
  urlOf(service: ServiceName): string;
  connect(service: ServiceName, options?: { timeoutMs?: number; poolSize?: number }): ServiceDatabase;
  /** Raw SQL as superuser, for looking at what really stands in the tables. */
  sql: postgres.Sql;
  drop(): Promise<void>;
};

/** A database of this test file's own, copied from the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = postgres(inject('adminUrl'), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name} template ${inject('template')}`);
  const url = new URL(inject('adminUrl'));
  url.pathname = `/${name}`;
  const passwords = inject('passwords');
  const opened: ServiceDatabase[] = [];
  const sql = postgres(url.href, { max: 3, onnotice: () => undefined });
  const urlOf = (service: ServiceName) => urlAs(url.href, roleOf(service), passwords[service]);
  return {
    url: url.href,
    urlOf,
    sql,
    connect: (service, options = {}) => {
      const db = connectDatabase({ url: urlOf(service), schema: service, secrets: TEST_SECRETS, ...options });
      opened.push(db);
      return db;
    },
    drop: async () => {
      await Promise.all(opened.map((db) => db.close()));
      await sql.end({ timeout: 5 });
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end({ timeout: 5 });
    },
  };
}
