import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** A key of 256 bits and the id by which what it sealed names it. */
export type NamedKey = { id: string; key: KeyObject };

/** Keys by id: one seals, all open. An older key stays for as long as something names it. */
export type KeyRing = {
  /** The key that seals from now on. */
  current(): Promise<NamedKey>;
  /** Undefined for an id that the ring does not have. */
  find(id: string): Promise<KeyObject | undefined>;
};

/** The file of keys can't be used; says which file and what to do, never what is in it. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

type Content = { current: string; keys: Map<string, KeyObject>; readAt: number; version: string };

const KEY_BYTES = 32;
/** Another process may have added a key: the file is looked at again after so long. */
const LOOK_AGAIN_MS = 1000;

/** The text of a file with one key in it. */
export function freshKeyRing(): string {
  const id = newKeyId();
  return withKey(id, {});
}

/** The text of the file of these keys with another one, which seals from then on. */
export async function extended(file: string, id: string): Promise<string> {
  await checkedMode(file);
  return withKey(id, parsed(file, await readFile(file, 'utf8')).keys);
}

/**
 * The keys of a file that only its owner may read (mode 0600; anything wider is refused). A key that another process
 * adds is in use within a second, and at once where something names it. Throws KeyFileError.
 */
export function fileKeyRing(file: string): KeyRing {
  let known: Content | undefined;
  const content = async (missing?: string): Promise<Content> => {
    const now = Date.now();
    if (known && (missing === undefined ? now - known.readAt < LOOK_AGAIN_MS : known.keys.has(missing))) return known;
    const version = await checkedMode(file);
    if (known?.version === version) return Object.assign(known, { readAt: now });
    const { current, keys } = parsed(file, await readFile(file, 'utf8'));
    const made = Object.entries(keys).map(([id, text]) => [id, secret(file, text)] as const);
    known = { current, keys: new Map(made), readAt: now, version };
    return known;
  };
  return {
    current: async () => {
      const { current, keys } = await content();
      return { id: current, key: keys.get(current)! };
    },
    find: async (id) => (await content(id)).keys.get(id),
  };
}

/** A name for another key, with the day on which it was made. */
export const newKeyId = () => `k${new Date().toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(4).toString('hex')}`;

const withKey = (id: string, keys: Record<string, string>) =>
  `${JSON.stringify({ current: id, keys: { ...keys, [id]: randomBytes(KEY_BYTES).toString('base64') } }, null, 1)}\n`;

/** Which content the file has: times are coarse, but a new content is always a new file. */
async function checkedMode(file: string): Promise<string> {
  const { mode, mtimeMs, ino, size } = await stat(file);
  if ((mode & 0o077) !== 0) throw new KeyFileError(`${file} may be read by others than its owner: chmod 600 it, and consider its keys known.`);
  return `${mtimeMs} ${ino} ${size}`;
}

function parsed(file: string, text: string): { current: string; keys: Record<string, string> } {
  try {
    const { current, keys } = JSON.parse(text) as { current: string; keys: Record<string, string> };
    if (typeof current === 'string' && typeof keys[current] === 'string') return { current, keys };
  } catch {
    // Said below; the parser's message would quote the file.
  }
  throw new KeyFileError(`${file} is no file of keys: {"current": id, "keys": {id: 32 bytes in base64}}.`);
}

function secret(file: string, text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength !== KEY_BYTES) throw new KeyFileError(`${file} has a key that is not of ${KEY_BYTES} bytes.`);
  return createSecretKey(bytes);
}
