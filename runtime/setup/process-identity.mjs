import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const PS_TIMEOUT_MS = 2_000;
let bootId;

function currentBootId() {
  // Ticks since boot repeat after a reboot, and low pids in a container do, too: only both together are unique.
  bootId ??= existsSync('/proc/sys/kernel/random/boot_id')
    ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    : 'boot';
  return bootId;
}

function startTimeFromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name in field 2 may hold spaces and brackets: count from the last bracket, where field 3 (the state) follows.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = fields[0] === 'Z' || fields[0] === 'X';
  return ended ? undefined : `${currentBootId()}:${fields[19]}`;
}

function startTimeFromPs(pid) {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const options = { encoding: 'utf8', env, timeout: PS_TIMEOUT_MS, stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined;
  } catch (error) {
    if (error.code !== 'ENOENT') return undefined;
  }
  try {
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return error.code === 'EPERM' ? 'unknown' : undefined;
  }
}

/** When the process with this pid began, as an opaque text (undefined: no such process, or it is a zombie). */
export function processStartTime(pid) {
  return existsSync('/proc/self/stat') ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** Whether exactly this process still runs; a later process that was given the same pid does not count. */
export function isRunning({ pid, startTime }) {
  return startTime !== undefined && processStartTime(pid) === startTime;
}
