// Real: the whole system on Temporal's server, and `npm run replay` beside it as a process of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../runtime/config.ts';
import { listed, runOf } from '../enrollment/evidence.ts';
import { eventually } from '../enrollment/faults.ts';
import { directStudy, type DirectStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { liveHistories, OPEN_RUNS } from './live.ts';
import { readOnly } from './read-only.ts';
import { type Failure, replayed } from './replaying.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

describe('what is open on a server is replayed before a deploy', () => {
  let at: TestSystem;
  let study: DirectStudy;
  let dir: string;
  let environment: Record<string, string>;
  const open: string[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-live-'));
    at = await startTestSystem();
    study = await directStudy(at, { protocol: SCREENED_PROTOCOL });
    // As they wait for different people; one more has ended.
    for (const values of [undefined, { AGE: 44 }, { AGE: 44, EGFR: 88 }, { AGE: 44, EGFR: 12 }]) {
      const patientId = await study.register();
      const { body: { enrollmentId } } = await study.enrol(patientId);
      if (values) expect(await study.screen(enrollmentId, values)).toMatchObject({ status: 201 });
      if (values?.EGFR === 12) await study.until(enrollmentId, ({ outcome }) => outcome === 'screen_failed');
      else open.push(runOf(at, study, patientId).workflowId);
    }
    environment = { TEMPORAL_ADDRESS: at.temporal.address, DATA_DIR: dir, PAYLOAD_KEYS_FILE: await keyFile('test-payloads') };
    await eventually('the list has caught up', async () => (await listed(at, OPEN_RUNS)).length === open.length);
  });
  afterAll(async () => {
    await at.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('by calls that only read, and with the keys of the installation', async () => {
    const called = new Set<string>();
    const watching: ConnectionOptions['interceptors'] = [
      (options, next) => {
        called.add(options.method_definition.path.split('/').at(-1) ?? '');
        return next(options) as never;
      },
    ];
    const seen: string[] = [];
    for await (const { name, failure } of await live(inject('workflowBundlePath'), { watching })) {
      expect(failure).toBeNull();
      seen.push(name.split(' ')[0] ?? '');
    }
    expect(seen.toSorted()).toEqual(open.toSorted());
    expect([...called].toSorted()).toEqual(['GetSystemInfo', 'GetWorkflowExecutionHistory', 'ListWorkflowExecutions']);
  });

  it('no other call leaves', async () => {
    const connection = await Connection.connect({ address: at.temporal.address, interceptors: [readOnly] });
    const terminated = connection.workflowService.terminateWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId: open[0]! } });
    await expect(terminated).rejects.toThrow('replaying does not call TerminateWorkflowExecution');
    await connection.close();
    expect(await at.system.client.workflow.getHandle(open[0]!).describe()).toMatchObject({ status: { name: 'RUNNING' } });
  });

  it('code that they would not go on with is told with run, event and reason', async () => {
    const code = await readFile(inject('workflowBundlePath'), 'utf8');
    const changed = code.replace(/(\S+\([^)]*\))\.enter\('screening'\);/, "$1.enter('screening'); void $1.setAwaiting(null);");
    expect(changed).not.toBe(code);
    await writeFile(join(dir, 'changed.js'), changed);
    const failures: (Failure | null)[] = [];
    for await (const { failure } of await live(join(dir, 'changed.js'))) failures.push(failure);
    expect(failures).toHaveLength(3);
    for (const failure of failures) {
      expect(failure).toMatchObject({ workflowId: expect.stringContaining('enrollment/'), runId: expect.stringMatching(/^[0-9a-f-]{36}$/), message: expect.stringMatching(/does not match|does not handle/) });
    }
  });

  it('on the command line: a count, or what is wrong, and an exit code to go by', async () => {
    const [all, one, none, bad, closed, away] = await Promise.all([
      replay(['--from-server']),
      replay(['--from-server', '--limit', '1']),
      replay(['--from-server', '--query', "WorkflowType = 'nobody'"]),
      replay(['--from-server', '--query', 'Colour = blue']),
      replay(['--from-server', '--json'], { PAYLOAD_KEYS_FILE: await keyFile('another') }),
      replay(['--from-server'], { TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    ]);
    expect(all).toMatchObject({ code: 0, out: '3 replayed, 0 failed\n' });
    expect(one).toMatchObject({ code: 0, out: '1 replayed, 0 failed; there are more than --limit\n' });
    expect(none).toMatchObject({ code: 0, out: "No run is found by: WorkflowType = 'nobody'\n" });
    expect(bad).toMatchObject({ code: 2, err: expect.stringContaining('does not understand the query') });
    expect(closed.code).toBe(1);
    expect(JSON.parse(closed.out)).toMatchObject({ replayed: 0, failed: 3, failures: [{ message: expect.stringContaining('no payload key with the id test-payloads') }, {}, {}] });
    expect(away).toMatchObject({ code: 1, out: '', err: expect.stringContaining('start it, or correct TEMPORAL_ADDRESS') });
  }, 60_000);

  async function live(codePath: string, { watching = [] }: { watching?: ConnectionOptions['interceptors'] } = {}) {
    const from = await withEnvironment(() => liveHistories(readConfig(), { query: OPEN_RUNS, limit: 1000, watching: watching ?? [] }));
    return replayed({ workflowBundle: { codePath }, payloadKeys: TEST_SECRETS.payloadKeys }, from.histories);
  }

  /** Temporal's own variables are read from the environment of the process. */
  async function withEnvironment<T>(work: () => Promise<T>): Promise<T> {
    const before = { ...process.env };
    Object.assign(process.env, environment);
    try {
      return await work();
    } finally {
      process.env = before;
    }
  }

  /** As `memoryRing` makes it. */
  async function keyFile(id: string): Promise<string> {
    const file = join(dir, `${id}.json`);
    await writeFile(file, JSON.stringify({ current: id, keys: { [id]: Buffer.alloc(32, id).toString('base64') } }), { mode: 0o600 });
    return file;
  }

  function replay(args: string[], changed: Record<string, string> = {}): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...environment, ...changed }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }
});

describe('the committed histories, and what is recorded', () => {
  it('a history that is there is not recorded again, and bad input is told', async () => {
    const run = (...args: string[]) =>
      new Promise<{ code: number | null; err: string }>((resolve) => {
        const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
        let err = '';
        child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
        child.once('close', (code) => resolve({ code, err }));
      });
    const [again, unknown, alone, forced] = await Promise.all([run('--record', 'randomised'), run('--record', 'nothing'), run('--limit', '3'), run('--force')]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('recorded already: randomised') });
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('no such scenario: nothing') });
    expect([alone.code, forced.code]).toEqual([2, 2]);
  });
});
