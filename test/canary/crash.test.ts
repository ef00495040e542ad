// Real: PostgreSQL, and a process that ends as the application does when nobody has caught its error.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MARK = 'QCRASHMARK77Z';
let database: TestDatabase;
let dir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  dir = mkdtempSync(join(ROOT, '.cache', 'crash-'));
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await database.drop();
});

const INSERT = `
import { drizzle } from 'drizzle-orm/postgres-js';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
const insert = () => drizzle(postgres(process.argv[2], { max: 1 })).execute(sql\`insert into patient.patients (id, name) values (\${'${MARK}'}::uuid, 'x')\`);`;

function crashing(how: string, { guarded }: { guarded: boolean }) {
  const file = join(dir, `crash-${Math.random().toString(36).slice(2)}.ts`);
  const guard = guarded ? `import { endOnUncaught } from '${join(ROOT, 'runtime', 'crash.ts')}'; endOnUncaught();` : '';
  writeFileSync(file, `${guard}${INSERT}\n${how}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, database.url], { encoding: 'utf8', timeout: 20_000 });
  return { status, output: stdout + stderr };
}

const WAYS = [
  ['a rejection that nobody handles', 'void insert().then(() => undefined);'],
  ['an error thrown in a callback', 'insert().catch((error) => setTimeout(() => { throw error; }, 0));'],
  ['what ends the start', 'await insert();'],
  ['a value that is no error', `setTimeout(() => { throw '${MARK}'; }, 0);`],
] as const;

it.each(WAYS)('a crash says where it was and nothing of what was at hand: %s', (_what, how) => {
  const { status, output } = crashing(how, { guarded: true });
  expect(status).toBe(1);
  expect(output).toContain('ended by an error that nobody foresaw');
  expect(output).not.toContain(MARK);
});

it('which Node by itself would print', () => {
  expect(crashing('void insert().then(() => undefined);', { guarded: false }).output).toContain(MARK);
});
