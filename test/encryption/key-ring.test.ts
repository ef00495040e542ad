import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBytes, sealBytes, SealBrokenError } from '../../db/encryption/aead.ts';
import { addKey } from '../../db/encryption/add-key.ts';
import { fileKeyRing, freshKeyRing, KeyFileError, newKeyId } from '../../db/encryption/key-ring.ts';
import type { ServiceDatabase } from '../../db/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { memoryRing } from '../support/secrets.ts';

let dir: string;
let file: string;
let database: TestDatabase;
let db: ServiceDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('study');
  dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-keys-'));
});
beforeEach(async () => {
  file = join(dir, `${Math.random()}.json`);
  await writeFile(file, freshKeyRing(), { mode: 0o600 });
});
afterAll(async () => {
  await rm(dir, { recursive: true });
  await database.drop();
});

describe('sealed bytes', () => {
  const text = Buffer.from('张三 ‮bidi‬ 👩‍⚕️');

  it('open under their key at their place, and say the same never twice', async () => {
    const { key } = await memoryRing('a').current();
    const [one, two] = [sealBytes(key, text, 'here'), sealBytes(key, text, 'here')];
    expect(openBytes(key, one, 'here')).toEqual(text);
    expect(one).not.toEqual(two);
    expect(one.includes(text)).toBe(false);
  });

  it('do not open elsewhere, under another key, or with any bit of them changed', async () => {
    const { key } = await memoryRing('a').current();
    const { key: other } = await memoryRing('b').current();
    const sealed = sealBytes(key, text, 'here');
    expect(() => openBytes(key, sealed, 'there')).toThrow(SealBrokenError);
    expect(() => openBytes(other, sealed, 'here')).toThrow(SealBrokenError);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => openBytes(key, changed, 'here'), `byte ${at}`).toThrow(SealBrokenError);
    }
    for (const length of [0, 11, 27, sealed.length - 1]) expect(() => openBytes(key, sealed.subarray(0, length), 'here')).toThrow(SealBrokenError);
  });
});

describe('a file of keys', () => {
  it('that others may read is refused, whatever the bit', async () => {
    for (const mode of [0o604, 0o640, 0o620, 0o610, 0o602, 0o601]) {
      await chmod(file, mode);
      await expect(fileKeyRing(file).current(), mode.toString(8)).rejects.toThrow(KeyFileError);
    }
  });

  it.each(['', '{}', '{"current":"k","keys":{}}', '{"current":"k","keys":{"k":"c2hvcnQ="}}', 'secret-word'])('that is none is refused without quoting it: %s', async (content) => {
    await writeFile(file, content);
    const refusal = await fileKeyRing(file).current().catch((error: unknown) => error as Error);
    expect(refusal).toBeInstanceOf(KeyFileError);
    if (content.length > 2) expect((refusal as Error).message).not.toContain(content);
  });

  it('keeps its old keys beside a new one, which seals from then on, in every process that has it open', async () => {
    const ring = fileKeyRing(file);
    const first = await ring.current();
    const id = newKeyId();
    await addKey(db, { file, id });
    // Named by something that another process has sealed: found at once.
    expect(await ring.find(id)).toBeDefined();
    expect((await ring.current()).id).toBe(id);
    expect((await ring.find(first.id))?.equals(first.key)).toBe(true);
    expect(await ring.find('k-unknown')).toBeUndefined();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('loses no key when several are added at once, by two processes', async () => {
    const before = Object.keys((JSON.parse(await readFile(file, 'utf8')) as { keys: object }).keys);
    const other = database.connect('study');
    const added = Array.from({ length: 6 }, newKeyId);
    await Promise.all(added.map((id, n) => addKey(n % 2 ? db : other, { file, id })));
    const { current, keys } = JSON.parse(await readFile(file, 'utf8')) as { current: string; keys: object };
    expect(Object.keys(keys).toSorted()).toEqual([...before, ...added].toSorted());
    expect(added).toContain(current);
  });

  it('takes a key also after a process was killed while it added one', async () => {
    await writeFile(`${file}.next`, '{"curr', { mode: 0o600 });
    const id = newKeyId();
    await addKey(db, { file, id });
    expect((await fileKeyRing(file).current()).id).toBe(id);
    await expect(stat(`${file}.next`)).rejects.toThrow('ENOENT');
  });

  it('takes none where others may read it', async () => {
    await chmod(file, 0o640);
    await expect(addKey(db, { file, id: newKeyId() })).rejects.toThrow(KeyFileError);
  });
});
