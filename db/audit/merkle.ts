import { hash } from 'node:crypto';

// In one call: it is made for every entry, twice, when a trail is verified.
const sha256 = (...parts: Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer');
const [LEAF, NODE] = [Buffer.of(0), Buffer.of(1)];

/** Root of the Merkle tree over the leaves in their order (RFC 6962, section 2.1). */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  let level = leaves.map((leaf) => sha256(LEAF, leaf));
  while (level.length > 1) {
    // One that is left over goes up as it is: the left tree of section 2.1 is the largest full one.
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, n) => {
      const [left, right] = [level[2 * n]!, level[2 * n + 1]];
      return right ? sha256(NODE, left, right) : left;
    });
  }
  return level[0]!;
}
