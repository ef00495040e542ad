import type { PgTransaction } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { ExtractTablesWithRelations } from 'drizzle-orm';
import { type ServiceDatabase, withTimeout } from './connect.ts';
import { databaseError, isDriverError } from './errors.ts';

export type Transaction = PgTransaction<
  PostgresJsQueryResultHKT,
  Record<string, never>,
  ExtractTablesWithRelations<Record<string, never>>
>;

/** Takes statements that nothing else in the transaction waits for: they go out together with COMMIT. */
export type WithCommit = (last: Promise<unknown>) => void;

/**
 * Runs `work` in one transaction. Whatever the driver throws becomes a DatabaseError; domain errors pass
 * and roll back. After a time-out the outcome is unknown, which is why every command has a key.
 */
export async function withTransaction<T>(
  db: ServiceDatabase,
  work: (tx: Transaction, withCommit: WithCommit) => Promise<T>,
): Promise<T> {
  const last: Promise<unknown>[] = [];
  const withCommit: WithCommit = (sent) => {
    last.push(sent);
    // Looked at after COMMIT; when the transaction fails before that, nobody does.
    sent.catch(() => undefined);
  };
  const run = async () => {
    const result = await db.orm.transaction((tx) => work(tx, withCommit));
    // One that failed has turned COMMIT into ROLLBACK, which PostgreSQL doesn't call an error.
    await Promise.all(last);
    return result;
  };
  return translated(withTimeout(db.timeoutMs * 2, run()));
}

/** All of these at once, inside a transaction: when one fails, the others have ended too, and none sends anything after ROLLBACK. */
export async function together<const T extends readonly unknown[]>(sent: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(sent);
  return Promise.all(sent);
}

/** Runs reads outside a transaction, with the same errors and the same bound on time. */
export async function read<T>(db: ServiceDatabase, query: (orm: ServiceDatabase['orm']) => Promise<T>): Promise<T> {
  return translated(withTimeout(db.timeoutMs, query(db.orm)));
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isDriverError(error) ? databaseError(error) : error;
  }
}

/**
 * Catches inside a transaction what one statement throws, as a DatabaseError. The transaction is lost
 * by then (PostgreSQL aborts it), so this is for turning a violated constraint into a domain error.
 */
export function statement<T>(query: PromiseLike<T>): Promise<T> {
  // By `then`, which sends a query at once; `await` would a turn later, and what goes out last must precede COMMIT.
  const sent = query.then(undefined, (error: unknown) => {
    throw isDriverError(error) ? databaseError(error) : error;
  });
  return Promise.resolve(sent);
}
