import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of keys in the data folder, readable by their owner only. */
export function keyFiles(dataDir: string): { hashKey: string; issuer: string; services: string } {
  const file = (name: string) => join(dataDir, 'keys', name);
  return { hashKey: file('hash.key'), issuer: file('issuer.json'), services: file('services.json') };
}

/** The key of the HMACs: the configured one, otherwise that of the file, which is made on first use. */
export async function loadHashKey(options: { configured: string | undefined; file: string }): Promise<Uint8Array> {
  if (options.configured !== undefined) return Buffer.from(options.configured, 'hex');
  const { file } = options;
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    // Only the first of two can make it, and a key once made is never replaced.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
}
