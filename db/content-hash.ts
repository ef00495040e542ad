import { createHmac, type KeyObject } from 'node:crypto';

/** JSON with sorted keys and without undefined members: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/**
 * Keyed hash of a command's content (HMAC-SHA-256, hex). Keyed, because content holds identifiers with
 * so few possible values that a plain hash of them could be searched through.
 */
export function contentHash(hashKey: KeyObject | Uint8Array, content: unknown): string {
  return createHmac('sha256', hashKey).update(canonicalJson(content) ?? '').digest('hex');
}
