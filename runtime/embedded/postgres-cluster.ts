import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { processStartTime } from '../setup/process-identity.mjs';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { Launcher } from './postgres-launcher.ts';
import { StartupError } from './startup-error.ts';
import { forgetChild, guardChild } from './warden.ts';

const INITDB_TIMEOUT_MS = 120_000;
export const SUPERUSER = 'postgres';
/** The programs get nothing of our environment (PGDATA, PGHOST, locales) that could change what they do. */
export const SERVER_ENV = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };

interface ClusterOptions {
  dataDir: string;
  binaries: PostgresBinaries;
  launcher: Launcher;
  /** Whether the new cluster must survive a power cut. */
  durable: boolean;
}

/**
 * Makes sure of a complete cluster in `dataDir` and returns the superuser's password.
 * A new one is made beside it and renamed when it is whole, so that an interrupted start leaves nothing half-done;
 * an incomplete one found there is moved aside, never deleted.
 */
export async function ensureCluster({ dataDir, binaries, launcher, durable }: ClusterOptions): Promise<{ password: string }> {
  const passwordFile = `${dataDir}.password`;
  if (existsSync(join(dataDir, 'PG_VERSION')) && existsSync(join(dataDir, 'global', 'pg_control'))) {
    return { password: readPassword(passwordFile) };
  }
  setAside(dataDir);
  removeLeftovers(dataDir);
  if (!existsSync(passwordFile)) writeDurably({ path: passwordFile, content: `${randomBytes(24).toString('base64url')}\n` });
  launcher.handOver(passwordFile);
  const unfinished = `${dataDir}.initializing-${randomBytes(4).toString('hex')}`;
  mkdirSync(unfinished, { mode: 0o700 });
  launcher.handOver(unfinished);
  await initdb({ dataDir: unfinished, passwordFile, binaries, launcher, durable });
  renameSync(unfinished, dataDir);
  if (durable) syncFolder(dirname(dataDir));
  return { password: readPassword(passwordFile) };
}

async function initdb({ dataDir, passwordFile, binaries, launcher, durable }: ClusterOptions & { passwordFile: string }): Promise<void> {
  const { command, args, ...ids } = launcher.commandFor(binaries.initdb, [
    '-D',
    dataDir,
    '-U',
    SUPERUSER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider sorts alike on every machine, whatever locales that has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ]);
  await new Promise<void>((resolve, reject) => {
    const options = { ...ids, env: SERVER_ENV, cwd: dirname(dataDir), timeout: INITDB_TIMEOUT_MS };
    const child = execFile(command, args, options, (error, _stdout, stderr) => {
      if (child.pid !== undefined) forgetChild(child.pid);
      if (error) reject(initdbFailed(stderr.trim().split('\n').at(-1) || error.message));
      else resolve();
    });
    if (child.pid !== undefined) guardChild({ pid: child.pid, startTime: processStartTime(child.pid), signal: 'SIGTERM' });
  });
}

function initdbFailed(reason: string): StartupError {
  return new StartupError({ code: 'postgres_not_started', message: `PostgreSQL could not make its data folder (${reason}); mend that, or set DATABASE_URL.` });
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const message = `The database's password is missing: put ${path} back, or move the data folder away to begin with an empty one.`;
    throw new StartupError({ code: 'postgres_password_missing', message, cause });
  }
}

function setAside(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  if (readdirSync(dataDir).length === 0) rmdirSync(dataDir);
  else renameSync(dataDir, `${dataDir}.incomplete-${Date.now()}`);
}

function removeLeftovers(dataDir: string): void {
  const prefix = `${basename(dataDir)}.initializing-`;
  for (const name of readdirSync(dirname(dataDir))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(dataDir), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function writeDurably({ path, content }: { path: string; content: string }): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
