// Real: PostgreSQL, and processes with and without the stand-ins that the bench compares with.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unchain } from '../../runtime/bench/without/unchain.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PRELOAD = path('../../runtime/bench/without/preload.ts');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function probed(execArgv: string[], env: Record<string, string> = {}) {
  const child = fork(path('probe.ts'), [database.urlOf('site')], { execArgv, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const told: string[] = [];
  child.stderr?.on('data', (text: Buffer) => told.push(text.toString()));
  const answer = Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error(told.join('')); })]);
  const [said] = (await answer) as [{ payload: string; signs: boolean; refusesUnsigned: boolean; refusesUnauthorised: boolean }];
  const [row] = await database.sql`select details, hash, previous, position from site.audit_entries order by number desc limit 1`;
  return { ...said, details: (row!['details'] as Buffer).toString('latin1'), hashBytes: (row!['hash'] as Buffer).length, position: row!['position'] as number };
}

it('the side with everything on seals, signs, refuses and chains', async () => {
  await probed([]);
  const { details, payload, ...rest } = await probed([]);
  expect(`${details}${payload}`).not.toContain('to be seen');
  expect(rest).toEqual({ signs: true, refusesUnsigned: true, refusesUnauthorised: true, hashBytes: 32, position: 2 });
});

it('the side without does none of it: the stand-ins are what runs there', async () => {
  await unchain(database.url);
  const { details, payload, position, ...rest } = await probed(['--import', PRELOAD]);
  expect(JSON.parse(details)).toMatchObject({ after: { plain: 'to be seen' } });
  expect(JSON.parse(payload)).toEqual({ plain: 'to be seen' });
  expect(rest).toEqual({ signs: false, refusesUnsigned: false, refusesUnauthorised: false, hashBytes: 0 });
  expect(position).toBe(3);
});

it('the stand-ins refuse to be loaded in production', async () => {
  await expect(probed(['--import', PRELOAD], { NODE_ENV: 'production' })).rejects.toThrow('nothing runs in production');
});
