import { type KeyObject, sign, verify } from 'node:crypto';
import { sha256Of } from './entry-hash.ts';
import { merkleRoot } from './merkle.ts';

/** A signed Merkle root over the entries with these numbers, and the hash of the seal before it. */
export type Seal = {
  /** 1, 2, 3 … within a service. */
  number: number;
  at: Date;
  after: number;
  upTo: number;
  /** Number (8 bytes) and hash (32 bytes) of each entry. */
  entries: Buffer;
  root: Buffer;
  previous: Buffer;
  keyId: string;
  signature: Buffer;
};

const [NUMBER_BYTES, HASH_BYTES] = [8, 32];

/** What the seal says of each entry: its hash by its number. */
export function entriesOf({ entries }: Pick<Seal, 'entries'>): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let from = 0; from + NUMBER_BYTES + HASH_BYTES <= entries.length; from += NUMBER_BYTES + HASH_BYTES) {
    const hash = entries.subarray(from + NUMBER_BYTES, from + NUMBER_BYTES + HASH_BYTES);
    found.set(Number(entries.readBigInt64BE(from)), hash);
  }
  return found;
}

export function packed(rows: readonly { number: number; hash: Buffer }[]): Buffer {
  return Buffer.concat(rows.map(({ number, hash }) => {
    const bytes = Buffer.alloc(NUMBER_BYTES);
    bytes.writeBigInt64BE(BigInt(number));
    return Buffer.concat([bytes, hash]);
  }));
}

/** Of the numbers together with the hashes: an entry can't take another one's place. */
export function rootOf(entries: Buffer): Buffer {
  const size = NUMBER_BYTES + HASH_BYTES;
  return merkleRoot(Array.from({ length: Math.ceil(entries.length / size) }, (_, n) => entries.subarray(n * size, (n + 1) * size)));
}

/** SHA-256 of what is signed: the next seal carries it. */
export function sealHash(schema: string, seal: Omit<Seal, 'signature' | 'entries'>): Buffer {
  const { number, at, after, upTo, root, previous, keyId } = seal;
  return sha256Of(['trial-enrollment/audit-seal/1', schema, String(number), at.toISOString(), String(after), String(upTo), root.toString('hex'), previous.toString('hex'), keyId]);
}

export function signed(schema: string, seal: Omit<Seal, 'signature'>, key: KeyObject): Seal {
  return { ...seal, signature: sign(null, sealHash(schema, seal), key) };
}

/** Whether the root is that of the entries, and the signature that of the key over all of it. */
export function isGenuine(schema: string, seal: Seal, key: KeyObject): boolean {
  return rootOf(seal.entries).equals(seal.root) && verify(null, sealHash(schema, seal), key, seal.signature);
}
