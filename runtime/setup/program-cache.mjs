import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkout, programNames } from './checkout.mjs';

/** What a program is called on PATH and in the caches. */
export function fileNameOf({ name }) {
  const [fileName] = programNames(name);
  return fileName;
}

/** Folders that may hold this version of a program, in order of preference: the user's cache, then the checkout's own. */
export function cacheFolders({ name, version }) {
  const folder = join('trial-enrollment', `${name}-${version}`);
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return [join(base, folder), join(checkout, '.cache', folder)];
}

/** Where a new binary goes: the first of the cache folders that can be written to. */
export function writableCacheFolder(program) {
  for (const folder of cacheFolders(program)) {
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

/** The program in the first of these folders that has it. */
export function executableIn(folders, program) {
  for (const folder of folders) {
    const path = join(folder, fileNameOf(program));
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next one.
    }
  }
  return undefined;
}
