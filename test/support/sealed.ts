import { createSecretKey } from 'node:crypto';
import type postgres from 'postgres';
import { openBytes } from '../../db/encryption/aead.ts';
import type { KeyProvider } from '../../db/encryption/key-provider.ts';
import type { ServiceName } from '../../db/provision.ts';
import { TEST_SECRETS } from './secrets.ts';

/** Where a sealed value stands, and whose data key seals it. */
export type SealedPlace = { service: ServiceName; table: string; row: string; column: string; owner: string };

/** What a sealed value says, opened past the services with the keys of the tests, or those given. */
export async function opened(sql: postgres.Sql, place: SealedPlace, sealed: Buffer, keys: KeyProvider = TEST_SECRETS.keys): Promise<string> {
  const { service, table, row, column, owner } = place;
  const [key] = await sql`select id, wrapped, key_id from ${sql(`${service}.data_keys`)} where owner = ${owner}`;
  const secret = await keys.unwrap({ keyId: key!['key_id'] as string, wrapped: key!['wrapped'] as Buffer }, `${service}/${owner}/${String(key!['id'])}`);
  return openBytes(createSecretKey(secret), sealed.subarray(17), JSON.stringify([service, table, row, column])).toString('utf8');
}

/** The same rows with their `reason` opened. */
export async function withReasons<R extends postgres.Row>(sql: postgres.Sql, table: string, rows: readonly R[]): Promise<R[]> {
  return Promise.all(rows.map(async (row) => {
    const place = { service: 'study', table, row: row['id'] as string, column: 'reason', owner: row['enrollment_id'] as string } as const;
    return { ...row, reason: await opened(sql, place, row['reason'] as Buffer) };
  }));
}
