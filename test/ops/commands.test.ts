// Real: the whole application on an empty system, and the operators' command line beside it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppProcess, dataFolder, endApps, startApp } from '../start/app-process.ts';
import { opsOn } from './run-ops.ts';

const folder = dataFolder();
let app: AppProcess;
const acting = ['--as', 'op-1', '--reason', 'a test'];
const NOBODY = '01920000-0000-7000-8000-000000000000';

beforeAll(async () => {
  app = await startApp({ dataDir: folder.path });
}, 120_000);
afterAll(async () => {
  await endApps();
  folder.remove();
}, 60_000);

const ops = (args: string[]) => opsOn(folder.path, { PORT: String(app.port) })(args);

/** Each command, with a good call on an empty system and what that ends with, and a bad one. */
const COMMANDS: { name: string; good: string[]; code: number; bad: string[] }[] = [
  { name: 'stuck list', good: [], code: 0, bad: ['--kind', 'whatever'] },
  { name: 'show', good: [NOBODY], code: 1, bad: ['no-id'] },
  { name: 'retry', good: ['--all', '--dry-run', ...acting], code: 0, bad: ['--all', '--query', 'x = 1', ...acting] },
  { name: 'retry', good: ['--query', 'StuckStep = "casebook"', ...acting], code: 0, bad: ['--query', 'x ==', ...acting] },
  { name: 'skip', good: [NOBODY, ...acting], code: 1, bad: [NOBODY] },
  { name: 'abort', good: [NOBODY, ...acting], code: 1, bad: [NOBODY, '--as', 'op-1'] },
  { name: 'activity reset', good: [NOBODY, 'openCasebook', ...acting], code: 1, bad: [NOBODY, ...acting] },
  { name: 'activity pause', good: [NOBODY, 'openCasebook', ...acting], code: 1, bad: [] },
  { name: 'activity unpause', good: [NOBODY, 'openCasebook', ...acting], code: 1, bad: ['x', 'y', ...acting] },
  { name: 'workflow reset', good: [NOBODY, '--dry-run', ...acting], code: 1, bad: [NOBODY, '--to', '0', ...acting] },
  { name: 'workflow unpause', good: [NOBODY, ...acting], code: 1, bad: [NOBODY, '--reason', '', '--as', 'op-1'] },
  { name: 'queues', good: [], code: 0, bad: ['--nothing'] },
  { name: 'doctor', good: [], code: 0, bad: ['--nothing'] },
  { name: 'keys rotate', good: ['--payloads', ...acting], code: 0, bad: ['--payloads', '--seals', ...acting] },
  { name: 'audit verify', good: [], code: 0, bad: ['--service', 'nobody'] },
  { name: 'patients erase', good: [NOBODY, ...acting], code: 1, bad: [NOBODY] },
];

describe('every command of npm run ops', () => {
  it.each(COMMANDS)('$name: says what it does, refuses bad input with 2, works on an empty system', async ({ name, good, code, bad }) => {
    const words = name.split(' ');
    const [help, refused, done] = await Promise.all([ops([...words, '--help']), ops(['--json', ...words, ...bad]), ops(['--json', ...words, ...good])]);
    expect({ code: help.code, usage: help.out }).toMatchObject({ code: 0, usage: expect.stringContaining(`Usage: ops ${name}`) });
    expect({ ...refused, err: refused.err.slice(0, 10) }, refused.err).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(/^(error|ops): /);
    expect(done.code, `${done.out}${done.err}`).toBe(code);
    if (code === 0) expect(JSON.parse(done.out)).toBeTypeOf('object');
    else expect(done.err).toMatch(/^ops: \w+: [A-Z]/);
  }, 30_000);

  it('is in this table', async () => {
    const { out } = await ops(['--help']);
    const named = (text: string) => [...text.matchAll(/^ {2}([a-z]+)(?= |$)/gm)].map(([, word = '']) => word).filter((word) => word !== 'help');
    const groups = named(out.slice(out.indexOf('Commands:')));
    const all: string[] = [];
    const helps = await Promise.all(groups.map(async (group) => ({ group, inner: (await ops([group, '--help'])).out })));
    for (const { group, inner } of helps) {
      const at = inner.indexOf('Commands:');
      all.push(...(at < 0 ? [group] : named(inner.slice(at)).map((word) => `${group} ${word}`)));
    }
    // Those that need a file, or two versions, have tests of their own.
    const elsewhere = ['audit export', 'deploy status', 'deploy ramp', 'deploy promote', 'deploy rollback'];
    expect(all.filter((name) => !elsewhere.includes(name)).toSorted()).toEqual([...new Set(COMMANDS.map(({ name }) => name))].toSorted());
  }, 60_000);
});
