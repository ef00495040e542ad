// Whatever talks to Temporal, or replays what it keeps, is made with our data converter: otherwise it would send in plain.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['activities', 'api', 'db', 'ops', 'runtime', 'services', 'test', 'workflows'];

/** The only ones of the system that make a client or a worker. Tests may, too. */
const MAKERS: Record<string, readonly string[]> = { 'runtime/temporal-client.ts': ['Client'], 'runtime/workers.ts': ['Worker'] };
/** What needs no converter, and why; a line that is not used any more fails. */
const WITHOUT: Record<string, string> = {
  'runtime/bench/bare/worker.ts': 'the bare workflow that ours is compared with; it has no data of anybody',
  'runtime/setup/sdk-download.mjs': 'starts a server to have its binary downloaded, and asks it nothing',
  'test/embedded/survives-a-kill.test.ts': 'a workflow without arguments on a server of its own',
};

const MAKING = ['Client', 'WorkflowClient', 'ScheduleClient', 'AsyncCompletionClient', 'TaskQueueClient', 'Worker', 'TestWorkflowEnvironment'];
const MADE = /\b(?:new (?:\w*Client)|Worker\.(?:create|runReplayHistory|runReplayHistories|runReplayHistoriesWithOptions)|TestWorkflowEnvironment\.\w+)\(/g;
const PACKAGE = String.raw`@temporalio/(?:client|worker|testing)(?:/[^'"]*)?`;

/** The text between this parenthesis and the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')' && (depth -= 1) === 0) return text.slice(from, at + 1);
  }
  return text.slice(from);
}

/** The constructors that a file imports as values; anything but a list of names counts as all of them. */
function imported(text: string): string[] {
  const still = [...text.matchAll(new RegExp(String.raw`^(?:import|export)\s+(?!type\s)([^;'"]*?)\s*from\s+['"]${PACKAGE}['"]`, 'gm'))];
  const later = [...text.matchAll(new RegExp(String.raw`(?:(\{[^{}]*\})\s*=\s*await\s+)?\b(?:import|require)\(\s*['"]${PACKAGE}['"]`, 'g'))];
  const names = [...still, ...later].flatMap(([, what = '']) => {
    const list = /^\{([^}]*)\}$/.exec(what.trim())?.[1];
    return list === undefined ? MAKING : list.split(',').map((name) => name.trim().replace(/\s*:\s*/, ' as ')).filter((name) => MAKING.includes(name.split(/\s+as\s+/)[0]!));
  });
  return [...new Set(names)];
}

/** What is wrong with a file; nothing where all is well. */
function wrong(path: string, text: string): string[] {
  const names = imported(text);
  const isTest = path.startsWith('test/');
  const foreign = isTest ? [] : names.filter((name) => !MAKERS[path]?.includes(name)).map((name) => `${path} makes its own ${name}`);
  // Under another name what is made could not be seen.
  const renamed = names.filter((name) => / as /.test(name)).map((name) => `${path} calls it otherwise: ${name}`);
  if (names.length === 0) return [];
  const made = [...text.matchAll(MADE)];
  const bare = made.filter(({ index, 0: call }) => !/\bdataConverter\b/.test(argumentsAt(text, index + call.length - 1))).map(({ 0: call }) => `${path}: ${call}…) without the data converter`);
  // workers.ts is given it; everybody else takes the one there is.
  const own = path !== 'runtime/workers.ts' && made.length > 0 && !/from '[^']*\/temporal-codec\/data-converter\.ts'/.test(text) ? [`${path} has a data converter of its own`] : [];
  return [...foreign, ...renamed, ...bare, ...own];
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.m?[jt]s$/.test(name) && !/\.d\.m?ts$/.test(name)).map((name) => `${folder}/${name}`),
).filter((path) => path !== 'test/static/temporal-clients.test.ts');
const found = new Map(files.map((path) => [path, wrong(path, readFileSync(join(ROOT, path), 'utf8'))]));

describe('clients, workers and replays', () => {
  it('are made with the data converter, in two files only (tests apart)', () => {
    expect(files.length).toBeGreaterThan(400);
    expect([...found].flatMap(([path, all]) => (path in WITHOUT ? [] : all))).toEqual([]);
    for (const path of Object.keys(MAKERS)) expect(imported(readFileSync(join(ROOT, path), 'utf8')), path).toEqual(MAKERS[path]);
  });

  it('have no exception that is not needed', () => {
    for (const path of Object.keys(WITHOUT)) expect(found.get(path), path).not.toEqual([]);
  });

  const CONVERTER = "import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';\n";
  it.each([
    ['api/probe.ts', "import { Client } from '@temporalio/client';"],
    ['ops/probe.ts', "import * as temporal from '@temporalio/client';"],
    ['services/study/probe.ts', "const { Client } = await import('@temporalio/client');"],
    ['services/study/probe.ts', "const temporal = await import('@temporalio/client');"],
    ['runtime/probe.ts', "import { Connection, WorkflowClient } from '@temporalio/client';"],
    ['runtime/temporal-client.ts', `${CONVERTER}import { Client } from '@temporalio/client';\nnew Client({ connection, namespace });`],
    ['runtime/temporal-client.ts', "import { Client } from '@temporalio/client';\nnew Client({ connection, dataConverter: {} });"],
    ['runtime/workers.ts', "import { type WorkerOptions, Worker } from '@temporalio/worker';\nWorker.create({ connection, activities: f(dataConverter) }); Worker.create({ connection });"],
    ['test/probe.test.ts', `${CONVERTER}import { Worker } from '@temporalio/worker';\nawait Worker.runReplayHistory({ workflowBundle }, history);`],
    ['test/probe.test.ts', `${CONVERTER}import { Client as Plain } from '@temporalio/client';`],
    ['test/probe.test.ts', "import { TestWorkflowEnvironment } from '@temporalio/testing';\nawait TestWorkflowEnvironment.createLocal();"],
  ])('refuses in %s: %s', (path, text) => {
    expect(wrong(path, text)).not.toEqual([]);
  });

  it.each([
    ['api/temporal/probe.ts', "import type { Client } from '@temporalio/client';\nimport { WorkflowNotFoundError } from '@temporalio/client';"],
    ['runtime/probe.ts', "import { Connection } from '@temporalio/client';\nconst { bundleWorkflowCode } = await import('@temporalio/worker');"],
    ['test/probe.test.ts', `${CONVERTER}import { Worker } from '@temporalio/worker';\nawait Worker.runReplayHistory({ workflowBundle, dataConverter: dataConverterOf(keys) }, history);`],
  ])('has nothing against, in %s: %s', (path, text) => {
    expect(wrong(path, text)).toEqual([]);
  });
});
