import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../setup/process-identity.mjs';
import type { ProcessIdentity } from '../setup/process-identity.mjs';
import { StartupError } from './startup-error.ts';

const POLL_MS = 20;

/** A signal, and how long to wait for the end before the next one is sent. */
export interface EndStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/**
 * Ends exactly this process by the given signals, one after the other, until it is gone.
 * Throws StartupError `process_not_ended` when it outlives the last one.
 */
export async function endProcess({ identity, steps }: { identity: ProcessIdentity; steps: readonly EndStep[] }): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(identity)) return;
    sendSignal({ pid: identity.pid, signal });
    const deadline = Date.now() + waitMs;
    while (isRunning(identity) && Date.now() < deadline) await delay(POLL_MS);
  }
  if (isRunning(identity)) {
    throw new StartupError({
      code: 'process_not_ended',
      pid: identity.pid,
      message: `Process ${identity.pid} does not end; end it yourself, then start again.`,
    });
  }
}

function sendSignal({ pid, signal }: { pid: number; signal: NodeJS.Signals }): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
