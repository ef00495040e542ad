import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES } from '../../db/provision.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import type { TestSystem } from '../support/system.ts';
import { opsOn } from './run-ops.ts';

/** The operators' command line as a process of its own, beside a system that runs in this process. */
export async function opsOnSystem(at: Pick<TestSystem, 'database' | 'temporal' | 'serviceKeysFile'>): Promise<{ ops: ReturnType<typeof opsOn>; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-ops-'));
  const [payloadKeys, keyEncryptionKeys, auditSealKeys] = await Promise.all([
    ringFile(join(dir, 'payload.json'), TEST_SECRETS.payloadKeys),
    ringFile(join(dir, 'kek.json'), 'test-kek'),
    ringFile(join(dir, 'seals.json'), TEST_SECRETS.auditSealKeys),
  ]);
  const hex = (key: Uint8Array) => Buffer.from(key).toString('hex');
  const env = {
    TEMPORAL_ADDRESS: at.temporal.address,
    ...Object.fromEntries(SERVICES.map((name) => [`DATABASE_URL_${name.toUpperCase()}`, at.database.urlOf(name)])),
    HASH_KEY: hex(TEST_SECRETS.hashKey),
    INDEX_KEY: hex(TEST_SECRETS.indexKey),
    PAYLOAD_KEYS_FILE: payloadKeys,
    KEY_ENCRYPTION_KEYS_FILE: keyEncryptionKeys,
    AUDIT_SEAL_KEYS_FILE: auditSealKeys,
    SERVICE_KEYS_FILE: at.serviceKeysFile,
  };
  return { ops: opsOn(dir, env), remove: () => rm(dir, { recursive: true, force: true }) };
}

/** A ring of one key, as the file that a process reads. */
async function ringFile(file: string, ring: KeyRing | string): Promise<string> {
  const { id, key } = typeof ring === 'string' ? { id: ring, key: Buffer.alloc(32, ring) } : await currentOf(ring);
  await writeFile(file, JSON.stringify({ current: id, keys: { [id]: key.toString('base64') } }), { mode: 0o600 });
  return file;
}

async function currentOf(ring: KeyRing): Promise<{ id: string; key: Buffer }> {
  const { id, key } = await ring.current();
  return { id, key: key.export() };
}
