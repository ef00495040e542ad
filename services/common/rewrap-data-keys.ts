import { type Ledger, type ServiceDatabase, withTransaction, writeAudit } from '../../db/index.ts';
import type { Read } from './context.ts';

/**
 * The verb `rewrapDataKeys` of a service: wraps up to `limit` data keys anew under the current key-encryption key, in
 * one transaction with its audit row, and says how many are left under older ones. What is sealed stays as it is.
 * Repeated until none is left it comes to the end wherever it was cut short.
 */
export function rewrapDataKeysIn(ledger: Ledger) {
  return async ({ db }: { db: ServiceDatabase }, { ctx, input }: Read<{ limit: number }>): Promise<{ rewrapped: number; left: number }> =>
    withTransaction(db, async (tx) => {
      const { rewrapped, keyId } = await db.vault.rewrap(tx, input.limit);
      const entry = { action: 'U', entity: 'data_keys', entityId: keyId, after: { rewrapped } } as const;
      await writeAudit(tx, { db, ledger, verb: 'rewrapDataKeys', ctx }, rewrapped > 0 ? [entry] : []);
      return { rewrapped, left: await db.vault.stale(tx) };
    });
}
