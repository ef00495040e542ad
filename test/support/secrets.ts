import { createSecretKey } from 'node:crypto';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { ringKeyProvider } from '../../db/encryption/key-provider.ts';
import type { Secrets } from '../../runtime/keys.ts';

/** A ring in memory, the last key seals. */
export function memoryRing(...ids: string[]): KeyRing {
  const keys = new Map(ids.map((id) => [id, createSecretKey(Buffer.alloc(32, id))]));
  const id = ids.at(-1)!;
  return { current: async () => ({ id, key: keys.get(id)! }), find: async (wanted) => keys.get(wanted) };
}

/** The same in every process of a test. */
export const TEST_SECRETS: Secrets = {
  hashKey: Buffer.from('test-only-hash-key-of-at-least-32-bytes'),
  indexKey: Buffer.from('test-only-index-key-of-at-least-32-bytes'),
  keys: ringKeyProvider(memoryRing('test-kek')),
  payloadKeys: memoryRing('test-payloads'),
  auditSealKeys: memoryRing('test-seals'),
};
