import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileKeyRing, freshKeyRing, type KeyRing } from '../db/encryption/key-ring.ts';
import { ringKeyProvider } from '../db/encryption/key-provider.ts';
import type { DatabaseSecrets } from '../db/index.ts';
import type { Config } from './config.ts';
import { madeOnce } from './made-once.ts';

/** The keys of an installation; all of its processes have the same ones. */
export type Secrets = DatabaseSecrets & {
  /** Of what Temporal keeps: payloads, failures, memos. */
  payloadKeys: KeyRing;
  /** Seeds of the keys that the audit trail is sealed with. */
  auditSealKeys: KeyRing;
};

type Named = Pick<Config, 'DATA_DIR' | 'HASH_KEY' | 'INDEX_KEY' | 'KEY_ENCRYPTION_KEYS_FILE' | 'PAYLOAD_KEYS_FILE' | 'AUDIT_SEAL_KEYS_FILE'>;

/** Files of keys in the data folder, readable by their owner only. */
export function keyFiles(dataDir: string) {
  const file = (name: string) => join(dataDir, 'keys', name);
  return {
    hashKey: file('hash.key'),
    indexKey: file('index.key'),
    keyEncryptionKeys: file('key-encryption.json'),
    payloadKeys: file('payload.json'),
    auditSealKeys: file('audit-seals.json'),
    issuer: file('issuer.json'),
    services: file('services.json'),
  };
}

/** The keys that the configuration names, otherwise those of the data folder, which are made on first use. */
export async function loadSecrets(config: Named): Promise<Secrets> {
  const files = keyFiles(config.DATA_DIR);
  const [hashKey, indexKey, keyEncryptionKeys, payloadKeys, auditSealKeys] = await Promise.all([
    loadKey({ configured: config.HASH_KEY, file: files.hashKey }),
    loadKey({ configured: config.INDEX_KEY, file: files.indexKey }),
    loadRing({ configured: config.KEY_ENCRYPTION_KEYS_FILE, file: files.keyEncryptionKeys }),
    loadRing({ configured: config.PAYLOAD_KEYS_FILE, file: files.payloadKeys }),
    loadRing({ configured: config.AUDIT_SEAL_KEYS_FILE, file: files.auditSealKeys }),
  ]);
  return { hashKey, indexKey, keys: ringKeyProvider(keyEncryptionKeys), payloadKeys, auditSealKeys };
}

/** The key of an HMAC: the configured one, otherwise that of the file, which is made on first use. */
async function loadKey(options: { configured: string | undefined; file: string }): Promise<Uint8Array> {
  if (options.configured !== undefined) return Buffer.from(options.configured, 'hex');
  const hex = await madeOnce(options.file, () => randomBytes(32).toString('hex'));
  return Buffer.from(hex.trim(), 'hex');
}

/** Read once now, so that a file that can't be used is found at the start. Throws KeyFileError. */
async function loadRing({ configured, file }: { configured: string | undefined; file: string }): Promise<KeyRing> {
  if (configured === undefined) await madeOnce(file, freshKeyRing);
  const ring = fileKeyRing(configured ?? file);
  await ring.current();
  return ring;
}
