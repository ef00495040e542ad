import { takePidLock } from '../setup/pid-lock.mjs';
import { StartupError } from './startup-error.ts';

/**
 * Makes this process the only one that works on the data in `dataDir`, until `release` or its end, whichever way that comes.
 * Throws StartupError `already_running` with the other's pid.
 */
export function lockInstance(dataDir: string): { release(): void } {
  const lock = takePidLock({ folder: dataDir, name: 'instance' });
  if (lock.taken) return { release: lock.release };
  throw new StartupError({
    code: 'already_running',
    pid: lock.pid,
    message: `Process ${lock.pid} already works on the data in ${dataDir}: end it first, or set DATA_DIR to another folder.`,
  });
}
