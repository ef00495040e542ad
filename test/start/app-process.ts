import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDevIssuer, type DevIssuer } from '../../runtime/dev-issuer.ts';
import { keptPort } from '../../runtime/embedded/free-port.ts';
import { forgetChild, guardChild } from '../../runtime/embedded/warden.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { processStartTime } from '../../runtime/setup/process-identity.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'runtime', 'main.ts');
/** A loaded machine takes several times as long as an idle one. */
const READY_WITHIN_MS = 90_000;
const EXIT_WITHIN_MS = 60_000;

export type Exit = { code: number | null; signal: NodeJS.Signals | null };
export type AppProcess = {
  pid: number;
  url: string;
  port: number;
  uiPort: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** How it ended; throws when that takes over a minute. */
  exit(): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
};
export type AppOptions = {
  dataDir: string;
  /** `--empty` unless told. */
  args?: string[];
  env?: Record<string, string>;
  /** Instead of `node runtime/main.ts`, e.g. a shell; the arguments follow. */
  command?: [string, ...string[]];
};

const live = new Map<number, AppProcess>();

/** Ends every application that still runs, and waits for its servers: for after a test, which may have failed. */
export async function endApps(): Promise<void> {
  for (const app of live.values()) app.kill('SIGTERM');
  await Promise.all([...live.values()].map((app) => app.exit()));
}

/** A data folder of the test's own; `remove` waits for nothing, so end its processes first. */
export function dataFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'trial-enrollment-start-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }) };
}

/**
 * Starts the application as a process of its own, on free ports, with nothing of our environment but PATH and HOME.
 * It ends with this process, also when that is killed.
 */
export async function launchApp({ dataDir, args = ['--empty'], env = {}, command = [process.execPath, MAIN] }: AppOptions): Promise<AppProcess> {
  const [port, uiPort] = [Number(env['PORT'] ?? (await keptPort())), Number(env['TEMPORAL_UI_PORT'] ?? (await keptPort()))];
  const base = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? tmpdir(), LOG_LEVEL: 'silent', DATA_DIR: dataDir };
  const [program, ...first] = command;
  const child = spawn(program, [...first, ...args], {
    cwd: ROOT,
    env: { ...base, PORT: String(port), TEMPORAL_UI_PORT: String(uiPort), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the application could not be spawned');
  guardChild({ pid, startTime: processStartTime(pid), signal: 'SIGTERM' });
  const ended = once(child, 'close').then(([code, signal]): Exit => {
    forgetChild(pid);
    live.delete(pid);
    return { code, signal };
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const app: AppProcess = {
    pid, port, uiPort, stdout, stderr,
    url: `http://127.0.0.1:${port}`,
    exit: () => bounded(ended, { withinMs: EXIT_WITHIN_MS, what: () => `process ${pid} does not end: ${stderr()}` }),
    kill: (signal) => void child.kill(signal),
  };
  live.set(pid, app);
  return app;
}

/** The same, and waits for its line `ready`. */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const app = await launchApp(options);
  await printed(app, `ready ${app.url}`);
  return app;
}

/** Waits until it has printed this; throws with what it said when it ends before, or takes over 90 s. */
export async function printed(app: AppProcess, text: string): Promise<void> {
  const ended = app.exit().then((exit) => exit, () => null);
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!app.stdout().includes(text)) {
    const exit = await Promise.race([ended, delay(50, undefined)]);
    if (exit || Date.now() > deadline) throw new Error(`no "${text}" (${JSON.stringify(exit)}): ${app.stdout()}${app.stderr()}`);
  }
}

/** The issuer of an application that runs, or has run, on this folder. */
export function issuerOf(dataDir: string): Promise<DevIssuer> {
  return createDevIssuer({ keyFile: keyFiles(dataDir).issuer });
}

/** Superuser's URL of the application's embedded PostgreSQL, as it runs now. */
export function databaseUrl(dataDir: string): string {
  const [, , , port] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'latin1').split('\n');
  const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim();
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/** The process that the application started with these arguments. */
export function childOf(app: { pid: number }, args: RegExp): { pid: number; args: string } {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  for (const line of lines) {
    const [, pid, parent, found = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (Number(parent) === app.pid && args.test(found)) return { pid: Number(pid), args: found };
  }
  throw new Error(`the application has no process ${args.source}`);
}

/** The embedded servers of an application: their pids, and where Temporal answers. */
export function embeddedServers(app: { pid: number }): { postgres: number; temporal: number; temporalAddress: string } {
  const temporal = childOf(app, /temporal server start-dev/);
  const temporalPort = /--port (\d+)/.exec(temporal.args)?.[1];
  if (!temporalPort) throw new Error('the embedded Temporal has no port');
  return { postgres: childOf(app, /postgres.* -D /).pid, temporal: temporal.pid, temporalAddress: `127.0.0.1:${temporalPort}` };
}

/** Waits until no such process is left; throws after 20 s. */
export async function gone(pid: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (processStartTime(pid) !== undefined) {
    if (Date.now() > deadline) throw new Error(`process ${pid} does not end`);
    await delay(20);
  }
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = '';
  // Enough for a whole test at the finest level; a flood must not fill its memory.
  stream?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(0, 5_000_000)));
  return () => text;
}

async function bounded<T>(work: Promise<T>, { withinMs, what }: { withinMs: number; what: () => string }): Promise<T> {
  const cancel = new AbortController();
  const late = delay(withinMs, undefined, { signal: cancel.signal }).then(() => Promise.reject(new Error(what())));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel.abort();
    late.catch(() => undefined);
  }
}
