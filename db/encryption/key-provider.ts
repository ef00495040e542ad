import { openBytes, sealBytes, SealBrokenError } from './aead.ts';
import type { KeyRing } from './key-ring.ts';

/** A data key under a key-encryption key, and which one. */
export type WrappedKey = { keyId: string; wrapped: Uint8Array };

/**
 * Who holds the key-encryption keys: a file here, or a PKCS#11 token or a key management service, from which keys never
 * come out. So they are asked to wrap and unwrap, and named by ids. `context` is bound to what is wrapped.
 */
export type KeyProvider = {
  /** Id of the key that wraps from now on. */
  currentKeyId(): Promise<string>;
  wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey>;
  /** Throws KeyUnavailableError when it does not have that key, SealBrokenError when the wrapped key does not open. */
  unwrap(wrapped: WrappedKey, context: string): Promise<Uint8Array>;
};

/** A key-encryption key that is needed isn't there: what it wrapped can't be read until it is back. */
export class KeyUnavailableError extends Error {
  override readonly name = 'KeyUnavailableError';
  readonly code = 'key_unavailable';
  readonly publicText = 'A key that is needed to read this record is not available; tell the operators.';
  readonly retryable = true;
  constructor(keyId: string) {
    super(`no key-encryption key with the id ${keyId}`);
  }
}

/** Key-encryption keys from a ring (a file, by default): wrapped with AES-256-GCM. */
export function ringKeyProvider(ring: KeyRing): KeyProvider {
  return {
    currentKeyId: async () => (await ring.current()).id,
    wrap: async (dataKey, context) => {
      const { id, key } = await ring.current();
      return { keyId: id, wrapped: sealBytes(key, dataKey, `data-key/${context}`) };
    },
    unwrap: async ({ keyId, wrapped }, context) => {
      const key = await ring.find(keyId);
      if (!key) throw new KeyUnavailableError(keyId);
      return openBytes(key, wrapped, `data-key/${context}`);
    },
  };
}

export { SealBrokenError };
