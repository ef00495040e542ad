import { createSecretKey, type KeyObject } from 'node:crypto';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { createVault, type Vault } from './encryption/vault.ts';
import type { KeyProvider } from './encryption/key-provider.ts';
import { databaseError } from './errors.ts';
import { countingUse, type PoolUse } from './pool-use.ts';
import { preparing } from './prepared.ts';

/** The keys that a service works with. */
export type DatabaseSecrets = {
  /** Key of the HMAC over the content of commands. At least 32 bytes. */
  hashKey: Uint8Array;
  /** Key of the blind index, the HMAC by which identifiers are found. At least 32 bytes. */
  indexKey: Uint8Array;
  /** Wraps the data keys, which seal what identifies persons. */
  keys: KeyProvider;
};

/** What a service needs to reach its own schema. */
export type ConnectOptions = {
  /** URL of the service's own role. */
  url: string;
  /** The service's schema; its role may use no other. */
  schema: string;
  secrets: DatabaseSecrets;
  /** Connections in the pool. Default 10. */
  poolSize?: number;
  /** A statement, a wait for a lock or a whole transaction may take this long. Default 5000 ms. */
  timeoutMs?: number;
};

/** One service's database: its own role, its own pool. */
export type ServiceDatabase = {
  readonly schema: string;
  readonly hashKey: KeyObject;
  readonly indexKey: KeyObject;
  readonly vault: Vault;
  readonly orm: PostgresJsDatabase;
  readonly timeoutMs: number;
  readonly pool: PoolUse;
  /** Answers within the time-out, or throws a DatabaseError. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** Opens a pool. Does not connect yet: a database that is down shows in the first call, not here. */
export function connectDatabase(options: ConnectOptions): ServiceDatabase {
  const { url, schema, secrets, poolSize = 10, timeoutMs = 5000 } = options;
  const client = postgres(url, {
    max: poolSize,
    connect_timeout: Math.max(1, Math.ceil(timeoutMs / 1000)),
    // A database that is back must be noticed at once: no exponential back-off of the driver's own.
    backoff: () => 0.1,
    max_lifetime: 30 * 60,
    // The driver (3.4.9) asks for the types of arrays on each new connection, and when that one breaks nobody handles
    // the rejection: the process would end. Drizzle reads and writes arrays without knowing their types.
    fetch_types: false,
    onnotice: () => undefined,
    connection: {
      application_name: `trial-enrollment/${schema}`,
      search_path: schema,
      statement_timeout: timeoutMs,
      lock_timeout: timeoutMs,
      idle_in_transaction_session_timeout: timeoutMs * 2,
    },
  });
  const counting = countingUse(client, poolSize);
  const orm = drizzle(preparing(counting.client, schema));
  return {
    schema,
    hashKey: createSecretKey(secrets.hashKey),
    indexKey: createSecretKey(secrets.indexKey),
    vault: createVault({ schema, keys: secrets.keys }),
    orm,
    timeoutMs,
    pool: counting.use,
    ping: async () => {
      try {
        await withTimeout(timeoutMs, client`select 1`);
      } catch (error) {
        throw databaseError(error);
      }
    },
    close: () => client.end({ timeout: 5 }),
  };
}

/** Rejects with a retryable DatabaseError when `work` takes longer. The work itself may still take effect. */
export async function withTimeout<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  // The same as `within` of services/common, which may not be imported here: `db/` imports nobody.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(databaseError({ code: 'CLIENT_TIMEOUT' })), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
