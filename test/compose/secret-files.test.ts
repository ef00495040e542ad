// Real: the files, the configuration.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ENVIRONMENT, readConfig } from '../../runtime/config.ts';
import { SECRET_VARIABLES, withSecretFiles } from '../../runtime/secret-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'trial-enrollment-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const KEY = 'ab'.repeat(32);

describe('a secret in a file', () => {
  it('is read as if the variable itself were set, without the line end', () => {
    const config = readConfig({
      HASH_KEY_FILE: fileWith('hash', `${KEY}\n`),
      SMTP_URL_FILE: fileWith('smtp', 'smtps://user:secret@mail.example\r\n'),
      DATABASE_URL_STUDY_FILE: fileWith('study', 'postgres://study_service:secret@db.example/study'),
      DATABASE_OWNER_URL_STUDY_FILE: fileWith('owner', 'postgres://study_owner:secret@db.example/study\n'),
    });
    expect(config).toMatchObject({ HASH_KEY: KEY, SMTP_URL: 'smtps://user:secret@mail.example' });
    expect(config.serviceUrls).toEqual({ study: 'postgres://study_service:secret@db.example/study' });
    expect(config.ownerUrls).toEqual({ study: 'postgres://study_owner:secret@db.example/study' });
  });

  it('is there for Temporal’s own variables, too, whose files are not taken for secrets of ours', () => {
    const read = withSecretFiles({ TEMPORAL_API_KEY_FILE: fileWith('api-key', 'k1\n'), TEMPORAL_TLS_CLIENT_CERT_PATH: '/certs/tls.crt', PAYLOAD_KEYS_FILE: '/nowhere' });
    expect(read).toEqual({ TEMPORAL_API_KEY: 'k1', TEMPORAL_TLS_CLIENT_CERT_PATH: '/certs/tls.crt', PAYLOAD_KEYS_FILE: '/nowhere' });
  });

  it('and in the variable is refused: nobody could tell which one holds', () => {
    expect(() => readConfig({ INDEX_KEY: KEY, INDEX_KEY_FILE: fileWith('index', KEY) })).toThrow('INDEX_KEY_FILE and INDEX_KEY are both set');
  });

  it.each([
    ['that is not there', () => join(folder, 'none'), /^DATABASE_URL_FILE names a file that can't be read \(ENOENT\)/],
    ['that is a folder', () => folder, /^DATABASE_URL_FILE names a file that can't be read \(EISDIR\)/],
    ['that is empty', () => fileWith('empty', '\n'), /^DATABASE_URL_FILE names a file that is empty/],
  ])('%s stops the start with the name of the variable', (_what, file, message) => {
    expect(() => readConfig({ DATABASE_URL_FILE: file() })).toThrow(message);
  });

  it('that is no value for its variable is said without what is in it', () => {
    const refused = () => readConfig({ HASH_KEY_FILE: fileWith('wrong', 'hunter2') });
    expect(refused).toThrow(/HASH_KEY/);
    expect(refused).not.toThrow(/hunter2/);
  });
});

describe('the variables that may come from files', () => {
  it('are all that hold a password or a key, and README names them', () => {
    const holding = Object.keys(ENVIRONMENT.shape).filter((name) => /^(DATABASE_(OWNER_)?URL|SMTP_URL|HASH_KEY|INDEX_KEY)/.test(name));
    expect(SECRET_VARIABLES.toSorted()).toEqual([...holding, 'TEMPORAL_API_KEY'].toSorted());
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    const rule = readme.split('\n').find((line) => line.includes('`<NAME>_FILE`')) ?? '';
    const families = new Set(SECRET_VARIABLES.map((name) => name.replace(/^(DATABASE_(?:OWNER_)?URL_)[A-Z]+$/, '$1<SERVICE>')));
    expect([...families].filter((name) => !rule.includes(`\`${name}\``))).toEqual([]);
  });

  it('don’t take the names of variables that are there already', () => {
    expect(SECRET_VARIABLES.filter((name) => `${name}_FILE` in ENVIRONMENT.shape)).toEqual([]);
  });
});
