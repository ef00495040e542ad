import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processStartTime } from '../setup/process-identity.mjs';
import { endProcess } from './end-process.ts';

const PS_TIMEOUT_MS = 2_000;

/**
 * Ends the server that a killed parent left running on this data folder.
 * A stale `postmaster.pid` is no obstacle; one whose pid now belongs to another program is removed, for PostgreSQL
 * would take that program for a server. The caller holds the instance lock.
 */
export async function endLeftoverPostgres(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'latin1').split('\n')[0]);
  const startTime = Number.isInteger(pid) && pid > 0 ? processStartTime(pid) : undefined;
  if (startTime === undefined) return;
  if (!servesFolder({ pid, dataDir })) {
    rmSync(pidFile, { force: true });
    return;
  }
  // "Fast", then "immediate" shutdown: both leave data that the next start recovers.
  const steps = [
    { signal: 'SIGINT', waitMs: 5_000 },
    { signal: 'SIGQUIT', waitMs: 6_000 },
  ] as const;
  await endProcess({ identity: { pid, startTime }, steps });
}

function servesFolder({ pid, dataDir }: { pid: number; dataDir: string }): boolean {
  try {
    // A server's working directory is its data folder, also after that was renamed.
    if (existsSync('/proc/self/cwd')) return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
    const options = { encoding: 'utf8', timeout: PS_TIMEOUT_MS } as const;
    return execFileSync('ps', ['-o', 'command=', '-ww', '-p', String(pid)], options).includes(dataDir);
  } catch {
    // It ended meanwhile, or is another user's: not our server either way.
    return false;
  }
}
