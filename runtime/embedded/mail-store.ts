import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The oldest mails beyond this number are dropped. */
const MAX_MAILS = 10_000;
const EXTENSION = '.eml';

export interface StoredMail {
  /** SHA-256 of the Message-ID, in hexadecimal. */
  readonly id: string;
  readonly receivedAt: Date;
  /** The mail as it was received, after one `Delivered-To` line for each recipient. */
  readonly raw: string;
}

export interface MailStore {
  /** False when a mail with this id is there already; then nothing changes. */
  add(mail: { id: string; raw: string }): Promise<boolean>;
  /** The newest mails, oldest first. */
  newest(limit: number): Promise<StoredMail[]>;
}

export function mailId(messageId: string): string {
  return createHash('sha256').update(messageId).digest('hex');
}

export function memoryMailStore(): MailStore {
  const mails = new Map<string, StoredMail>();
  return {
    add: async ({ id, raw }) => {
      if (mails.has(id)) return false;
      mails.set(id, { id, raw, receivedAt: new Date() });
      for (const oldest of excess(mails)) mails.delete(oldest);
      return true;
    },
    newest: async (limit) => [...mails.values()].slice(-limit),
  };
}

/** One `.eml` file a mail; what was answered with "accepted" outlives a kill of the process. */
export function folderMailStore(dir: string): MailStore {
  mkdirSync(dir, { recursive: true });
  const index = indexOf(dir);
  const pathOf = (id: string) => join(dir, `${id}${EXTENSION}`);
  return {
    add: async ({ id, raw }) => {
      const draft = join(dir, `${id}.${randomBytes(4).toString('hex')}.part`);
      await writeFile(draft, raw, { mode: 0o600 });
      const isNew = await link(draft, pathOf(id)).then(() => true, falseIfExists);
      await rm(draft);
      if (!isNew) return false;
      index.set(id, new Date());
      for (const oldest of excess(index)) {
        index.delete(oldest);
        await rm(pathOf(oldest), { force: true });
      }
      return true;
    },
    newest: (limit) => Promise.all([...index].slice(-limit).map(async ([id, receivedAt]) => ({ id, receivedAt, raw: await readFile(pathOf(id), 'utf8') }))),
  };
}

function indexOf(dir: string): Map<string, Date> {
  const files = readdirSync(dir).filter((name) => name.endsWith(EXTENSION));
  const entries = files.map((name): [string, Date] => [name.slice(0, -EXTENSION.length), statSync(join(dir, name)).mtime]);
  return new Map(entries.sort(([, a], [, b]) => a.getTime() - b.getTime()));
}

function excess(mails: Map<string, unknown>): string[] {
  return [...mails.keys()].slice(0, Math.max(0, mails.size - MAX_MAILS));
}

function falseIfExists(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}
