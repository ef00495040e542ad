import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyRing } from '../encryption/key-ring.ts';

/** The keys that seals are signed with (Ed25519): the one of today, and those of the seals of before. */
export type SealKeys = {
  current(): Promise<{ id: string; privateKey: KeyObject }>;
  /** Undefined for a key that nobody here knows. */
  find(id: string): Promise<KeyObject | undefined>;
};

/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The 256 bits of each key of the ring are the seed of a signing key. */
export function sealKeysOf(ring: KeyRing): SealKeys {
  const privateOf = (seed: KeyObject) => createPrivateKey({ key: Buffer.concat([PKCS8, seed.export()]), format: 'der', type: 'pkcs8' });
  return {
    current: async () => {
      const { id, key } = await ring.current();
      return { id, privateKey: privateOf(key) };
    },
    find: async (id) => {
      const seed = await ring.find(id);
      return seed && createPublicKey(privateOf(seed));
    },
  };
}
