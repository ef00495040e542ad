import { createReadStream } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Seal } from '../../db/audit/index.ts';

const fileOf = (dir: string, schema: string) => join(dir, `${schema}.jsonl`);

/** Writes down that there is this seal, a line of JSON in a file of the service's own, flushed to the disk. */
export async function writeWitness(dir: string, { schema, seal, hash }: { schema: string; seal: Seal; hash: Buffer }): Promise<void> {
  const { number, at, upTo, root, keyId, signature } = seal;
  const line = { number, at: at.toISOString(), upTo, root: root.toString('hex'), keyId, hash: hash.toString('hex'), signature: signature.toString('base64') };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await appendFile(fileOf(dir, schema), `${JSON.stringify(line)}\n`, { mode: 0o600, flush: true });
}

/** The hashes of the seals that were written down, by their numbers; none where there is no file. A line cut short counts as none. */
export async function readWitness(dir: string, schema: string): Promise<Map<number, Buffer>> {
  const witnessed = new Map<number, Buffer>();
  try {
    for await (const line of createInterface({ input: createReadStream(fileOf(dir, schema)) })) {
      const told = parsed(line);
      if (told) witnessed.set(told.number, Buffer.from(told.hash, 'hex'));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return witnessed;
}

function parsed(line: string): { number: number; hash: string } | undefined {
  try {
    const { number, hash } = JSON.parse(line) as Record<string, unknown>;
    return typeof number === 'number' && typeof hash === 'string' ? { number, hash } : undefined;
  } catch {
    return undefined;
  }
}
