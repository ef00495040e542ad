import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { checkout, programNames } from './checkout.mjs';

/** Carries Temporal server 1.32.0 and UI 2.54.1. */
export const TEMPORAL_VERSION = '1.9.1';
const OLDEST_ON_PATH = [1, 9];
const VERSION_TIMEOUT_MS = 5_000;

const run = promisify(execFile);
/** What the binary is called on PATH and in the caches. */
export const [cachedProgramName] = programNames('temporal');

/** Folders that may hold the binary, in order of preference: the user's cache, then the checkout's own. */
export function cacheFolders() {
  const name = join('trial-enrollment', `temporal-${TEMPORAL_VERSION}`);
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return [join(base, name), join(checkout, '.cache', name)];
}

/** Where a new binary goes: the first of the cache folders that can be written to. */
export function writableCacheFolder() {
  for (const folder of cacheFolders()) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // Not ours to write: the next one.
    }
  }
  return undefined;
}

/** Whether this program answers with a version that the project can use. */
export async function isUsable(path) {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    const [, major, minor] = /version (\d+)\.(\d+)/.exec(stdout) ?? [];
    if (major === undefined) return false;
    const [oldestMajor, oldestMinor] = OLDEST_ON_PATH;
    return Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
  } catch {
    // Not a program that runs here.
    return false;
  }
}

function executableIn(folders) {
  for (const folder of folders) {
    const path = join(folder, cachedProgramName);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next one.
    }
  }
  return undefined;
}

/** The Temporal binary to use: the one on PATH when it is 1.9 or later, else the one in a cache, else undefined. */
export async function findTemporalBinary() {
  const onPath = executableIn((process.env.PATH ?? '').split(delimiter).filter(Boolean));
  if (onPath && (await isUsable(onPath))) return { path: onPath, source: 'PATH' };
  const cached = executableIn(cacheFolders());
  return cached ? { path: cached, source: 'cache' } : undefined;
}
