// Real: the whole application as a process of its own, also below npm. No stand-ins.
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { processStartTime } from '../../runtime/setup/process-identity.mjs';
import { caller } from '../support/scenario.ts';
import { type AppProcess, dataFolder, embeddedServers, endApps, gone, issuerOf, printed, startApp } from './app-process.ts';

const TIMEOUT = { timeout: 180_000 };
/** Promised: within 10 s; the rest is for a loaded machine to say so. */
const END_WITHIN_MS = 12_000;

const folder = dataFolder();
afterEach(endApps);
afterAll(() => folder.remove());

/** Sends SIGTERM to what the operator sees, and waits until the whole tree is gone. */
async function terminate(app: AppProcess, main: { pid: number }): Promise<{ code: number | null }> {
  const servers = embeddedServers(main);
  const begin = Date.now();
  app.kill('SIGTERM');
  const { code } = await app.exit();
  await gone(main.pid);
  expect(Date.now() - begin).toBeLessThan(END_WITHIN_MS);
  expect([servers.postgres, servers.temporal].map(processStartTime)).toEqual([undefined, undefined]);
  return { code };
}

/** The process that runs `runtime/main.ts` below this one. */
function mainBelow(app: AppProcess): { pid: number } {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const processes = lines.flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  let below = [app.pid];
  for (let depth = 0; depth < 6; depth += 1) {
    const found = processes.find(({ pid, args }) => below.includes(pid) && /^\S*node\S* \S*runtime\/main\.ts/.test(args));
    if (found) return found;
    below = processes.filter(({ parent }) => below.includes(parent)).map(({ pid }) => pid);
  }
  throw new Error('the application is not there');
}

async function studies(app: AppProcess): Promise<string[]> {
  const admin = await caller({ url: app.url, issuer: await issuerOf(folder.path) }, 'admin');
  const { body } = await admin.get<{ items: { code: string }[] }>('/studies');
  return body.items.map(({ code }) => code);
}

async function enrollments(app: AppProcess): Promise<string[]> {
  const ops = await caller({ url: app.url, issuer: await issuerOf(folder.path) }, 'ops');
  const { body } = await ops.get<{ items: { enrollmentId: string; outcome?: string; needsAttention: boolean }[] }>('/enrollments');
  return body.items.map((item) => `${item.enrollmentId} ${item.outcome ?? (item.needsAttention ? 'parked' : 'open')}`);
}

describe('SIGTERM, and the next start on the same data', () => {
  it('enrols the cohort once, drains with exit code 0 within 10 s, keeps what it had, and enrols no second cohort', TIMEOUT, async () => {
    const first = await startApp({ dataDir: folder.path, args: [] });
    await printed(first, 'Stop with Ctrl-C');
    expect(first.stdout()).toContain('cohort enrolled: 7 active, 1 cap_reached, 1 declined, 1 expired, 1 parked, 1 screen_failed, 1 voided, 1 waiting for a randomisation, 1 waiting for a signature, 1 withdrawn');
    expect(first.stdout().match(/^ready /gm)).toHaveLength(1);
    const before = await enrollments(first);
    expect(before).toHaveLength(16);
    expect(await terminate(first, first)).toEqual({ code: 0 });
    expect(first.stderr()).toBe('');

    const second = await startApp({ dataDir: folder.path, args: [] });
    await printed(second, 'Stop with Ctrl-C');
    expect(second.stdout()).not.toContain('cohort');
    expect(await studies(second)).toEqual(['INT-202']);
    expect(await enrollments(second)).toEqual(before);
    // Who waited for a signature still does, and the request that is printed is the one that signs.
    const [, path = ''] = /'http:\/\/[^/]+\/api\/v1(\/enrollments\/[\w-]+\/eligibility-decision)'/.exec(second.stdout()) ?? [];
    const [, body = ''] = /-d '(\{.*?\})' /.exec(second.stdout()) ?? [];
    const doctor = await caller({ url: second.url, issuer: await issuerOf(folder.path) }, 'investigator', { sites: ['BJ-01'], id: 'doctor-bj-01' });
    expect(await doctor.post(path, JSON.parse(body))).toMatchObject({ status: 201, body: { decision: 'eligible' } });
    expect(await terminate(second, second)).toEqual({ code: 0 });
  });

  it('reaches it through npm start, too, and nothing stays behind', TIMEOUT, async () => {
    // Without the scripts around it: the set-up may not touch the checkout that the tests run in.
    const app = await startApp({ dataDir: folder.path, command: ['npm', 'start', '--ignore-scripts', '--'] });
    await terminate(app, mainBelow(app));
  });
});

describe('an embedded server that ends by itself', () => {
  it.for(['postgres', 'temporal'] as const)('ends the application with a clear line and exit code 1, and the next start has it all: %s', TIMEOUT, async (name) => {
    const app = await startApp({ dataDir: folder.path });
    const servers = embeddedServers(app);
    process.kill(servers[name], 'SIGKILL');
    expect((await app.exit()).code).toBe(1);
    expect(app.stderr()).toMatch(/^trial-enrollment: the embedded \w+ has ended; start again/);
    await Promise.all([gone(servers.postgres), gone(servers.temporal)]);
    const next = await startApp({ dataDir: folder.path });
    expect(await studies(next)).toEqual(['INT-202']);
    expect(await terminate(next, next)).toEqual({ code: 0 });
  });
});
