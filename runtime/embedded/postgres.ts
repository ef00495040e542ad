import { mkdirSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort } from './free-port.ts';
import { spawnGuarded } from './guarded-child.ts';
import type { GuardedChild } from './guarded-child.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { SERVER_ENV, SUPERUSER, ensureCluster } from './postgres-cluster.ts';
import { chooseLauncher } from './postgres-launcher.ts';
import type { Launcher } from './postgres-launcher.ts';
import { endLeftoverPostgres } from './postgres-takeover.ts';
import { StartupError } from './startup-error.ts';

/** Another program may take the port between our look and the bind. */
const MAX_ATTEMPTS = 5;
/** Recovery after a power cut reads the whole write-ahead log. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 40;
const LOG_TAIL_BYTES = 4_096;

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // No socket: its path is limited to 107 bytes, and a checkout may lie deeper.
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Messages of level ERROR carry column values and statements, which is patient data: they stay out of the log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

export interface RunningPostgres {
  /** The superuser's URL of the database `postgres`, on 127.0.0.1. */
  readonly url: string;
  readonly pid: number;
  /** Settles when the server has ended, asked to or not. */
  readonly exited: Promise<void>;
  /** Fast shutdown, at most 7 s. */
  stop(): Promise<void>;
}

interface PostgresOptions {
  /** The cluster's folder; its password lies beside it as `<dataDir>.password` (0600). The caller holds the instance lock. */
  dataDir: string;
  /** Server settings over the durable defaults; tests turn `fsync` off. */
  settings?: Readonly<Record<string, string>>;
  /** File that takes the server's output. */
  log: string;
}

/**
 * Starts PostgreSQL on this data folder and returns when it answers a query. The folder is initialised at first use;
 * a server that a killed parent left there is ended first. It ends within 5 s of this process (`warden.ts`).
 * Throws StartupError with what to do.
 */
export async function startPostgres({ dataDir: folder, settings = {}, log }: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(folder);
  mkdirSync(dirname(dataDir), { recursive: true });
  const binaries = postgresBinaries();
  const launcher = await chooseLauncher({ postgres: binaries.postgres, dataDir });
  await endLeftoverPostgres(dataDir);
  const { password } = await ensureCluster({ dataDir, binaries, launcher, durable: settings['fsync'] !== 'off' });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const logStart = await sizeOf(log);
    const child = await launch({ program: binaries.postgres, launcher, dataDir, log, settings: { ...DEFAULT_SETTINGS, ...settings, port: String(port) } });
    const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
    if (await answers({ url, child })) return { url, pid: child.pid, exited: child.exited, stop: child.stop };
    await child.stop();
    if (attempt === MAX_ATTEMPTS) throw await notStarted({ log, logStart });
    await delay(200 * attempt);
  }
}

function launch({ program, launcher, dataDir, log, settings }: PostgresOptions & { program: string; launcher: Launcher; settings: Readonly<Record<string, string>> }) {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const started = launcher.commandFor(program, ['-D', dataDir, ...options]);
  const endSteps = [
    { signal: 'SIGINT', waitMs: 4_000 },
    { signal: 'SIGQUIT', waitMs: 2_000 },
    { signal: 'SIGKILL', waitMs: 1_000 },
  ] as const;
  return spawnGuarded({ ...started, env: SERVER_ENV, cwd: dirname(dataDir), log, endSteps });
}

async function answers({ url, child }: { url: string; child: GuardedChild }): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!child.hasExited() && Date.now() < deadline) {
    const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false });
    try {
      await sql`select 1`;
      return true;
    } catch {
      // Not listening yet, or still recovering; the deadline and the child's end bound this.
      await delay(READY_POLL_MS);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  return false;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function notStarted({ log, logStart }: { log: string; logStart: number }): Promise<StartupError> {
  const file = await open(log);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LOG_TAIL_BYTES), position: logStart });
  await file.close();
  const reason = buffer.toString('utf8', 0, bytesRead).split('\n').find((line) => line.includes('FATAL')) ?? 'no answer in time';
  return new StartupError({ code: 'postgres_not_started', message: `PostgreSQL does not start (${reason.trim()}); see ${log}, or set DATABASE_URL.` });
}
