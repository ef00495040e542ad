import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { madeOnce } from './made-once.ts';

/** Files of keys in the data folder, readable by their owner only. */
export function keyFiles(dataDir: string): { hashKey: string; issuer: string; services: string } {
  const file = (name: string) => join(dataDir, 'keys', name);
  return { hashKey: file('hash.key'), issuer: file('issuer.json'), services: file('services.json') };
}

/** The key of the HMACs: the configured one, otherwise that of the file, which is made on first use. */
export async function loadHashKey(options: { configured: string | undefined; file: string }): Promise<Uint8Array> {
  if (options.configured !== undefined) return Buffer.from(options.configured, 'hex');
  const hex = await madeOnce(options.file, () => randomBytes(32).toString('hex'));
  return Buffer.from(hex.trim(), 'hex');
}
