import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, processStartTime } from './process-identity.mjs';

// The lock is the file with the highest number, `<name>.<number>.lock`; it is held while the process named in it runs.
// A stale one is taken over by creating the next number, which only one process can: nobody ever deletes or replaces
// a file that another might just have taken. The highest is never removed, so a number is never given out twice.
const MAX_ATTEMPTS = 50;

function numberedFiles({ folder, name }) {
  return readdirSync(folder)
    .map((file) => ({ file, number: Number(file.slice(name.length + 1, -'.lock'.length)) }))
    .filter(({ file, number }) => file === `${name}.${number}.lock` && Number.isInteger(number));
}

function newestNumber(lock) {
  return Math.max(0, ...numberedFiles(lock).map(({ number }) => number));
}

/** Puts a whole file in place: never visible half-written. False when `path` exists. */
function createWhole({ path, content }) {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, content, { mode: 0o644 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holderOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // ENOENT: its successor has just removed it, and the next look finds that one. Unreadable: a power cut left it empty.
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return { pid: 0 };
    throw error;
  }
}

/** See pid-lock.d.mts. */
export function takePidLock({ folder, name }) {
  mkdirSync(folder, { recursive: true });
  const pathOf = (number) => join(folder, `${name}.${number}.lock`);
  const me = { pid: process.pid, startTime: processStartTime(process.pid) };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const newest = newestNumber({ folder, name });
    const holder = newest === 0 ? { pid: 0 } : holderOf(pathOf(newest));
    if (isRunning(holder)) return { taken: false, pid: holder.pid };
    const path = pathOf(newest + 1);
    if (!createWhole({ path, content: JSON.stringify(me) })) continue;
    // Someone took a later number and removed ours from before: that one holds it.
    if (newestNumber({ folder, name }) !== newest + 1) {
      rmSync(path, { force: true });
      continue;
    }
    for (const { file, number } of numberedFiles({ folder, name })) {
      if (number <= newest) rmSync(join(folder, file), { force: true });
    }
    return { taken: true, release: () => release(path) };
  }
  throw new Error(`The lock ${name} in ${folder} could not be taken.`);
}

function release(path) {
  writeFileSync(`${path}.released`, JSON.stringify({ pid: 0 }));
  renameSync(`${path}.released`, path);
}
