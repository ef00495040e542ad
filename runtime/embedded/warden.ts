import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessIdentity } from '../setup/process-identity.mjs';

const MAX_RESTARTS = 3;

interface GuardedProcess extends ProcessIdentity {
  readonly signal: NodeJS.Signals;
}

/** One warden per process, made with the first child. */
const guarded = new Map<number, GuardedProcess>();
let warden: ChildProcess | undefined;
let restarts = 0;

/**
 * From now on this child ends within 5 s of the present process, also when that is killed with `kill -9`:
 * it is sent `signal`, and SIGKILL after 3 s.
 */
export function guardChild(child: GuardedProcess): void {
  guarded.set(child.pid, child);
  if (warden) tell({ guard: child });
  else startWarden();
}

/** The child has ended, or is no longer the warden's concern. */
export function forgetChild(pid: number): void {
  if (guarded.delete(pid)) tell({ forget: pid });
}

function startWarden(): void {
  const script = fileURLToPath(new URL('./warden.mjs', import.meta.url));
  // Detached: a Ctrl-C in the terminal reaches the whole process group, and must not reach the warden.
  const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
  warden = child;
  child.unref();
  const pipe = child.stdin as typeof child.stdin & { unref?: () => void };
  pipe.unref?.();
  // EPIPE and a failed spawn are both followed by 'close', where they are dealt with.
  pipe.on('error', () => undefined);
  child.on('error', () => undefined);
  child.once('close', restartWarden);
  for (const entry of guarded.values()) tell({ guard: entry });
}

function restartWarden(): void {
  warden = undefined;
  if (guarded.size === 0 || restarts >= MAX_RESTARTS) return;
  restarts += 1;
  startWarden();
}

function tell(message: { guard: GuardedProcess } | { forget: number }): void {
  warden?.stdin?.write(`${JSON.stringify(message)}\n`);
}
