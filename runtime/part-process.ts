import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StartupError } from './embedded/startup-error.ts';
import type { Part } from './part.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const READY_WITHIN_MS = 60_000;
/** A part that ends this often within a minute is not started again. */
const MOST_RESTARTS = 5;
const RESTART_AFTER_MS = 500;
/** It ends by itself within 10 s of SIGTERM. */
const KILL_AFTER_MS = 12_000;

export type PartName = Exclude<Part, 'all'>;

export type SupervisedPart = {
  /** Of the process that runs now. */
  readonly pid: number;
  /** Starts it where it was, under the same addresses, after it has ended; ready when this returns. */
  start(): Promise<void>;
  /** From now on its end is expected. */
  letGo(): void;
  /** SIGTERM; SIGKILL when it has not ended in time. Its exit code, null after a signal. */
  stop(): Promise<number | null>;
};

type Supervision = { keep: boolean; onLost: () => void };

/** One part as a child process, which ends with this one; started again when it ends by itself, if it is to be kept. */
export async function startPart(part: PartName, env: Record<string, string>, { keep, onLost }: Supervision): Promise<SupervisedPart> {
  let stopping = false;
  let child = await ready(part, env);
  const restarts: number[] = [];

  const watch = (watched: ChildProcess) => {
    watched.once('exit', () => {
      if (keep && !stopping) void again();
    });
  };
  const again = async (): Promise<void> => {
    const now = Date.now();
    restarts.splice(0, restarts.length, ...restarts.filter((at) => now - at < 60_000), now);
    if (restarts.length > MOST_RESTARTS) return onLost();
    console.error(`trial-enrollment: ${part} has ended and is started again.`);
    await delay(RESTART_AFTER_MS);
    if (stopping) return;
    try {
      child = await ready(part, env);
      watch(child);
    } catch {
      void again();
    }
  };
  watch(child);
  return {
    get pid() {
      return child.pid ?? 0;
    },
    start: async () => {
      child = await ready(part, env);
      watch(child);
    },
    letGo: () => {
      stopping = true;
    },
    stop: async () => {
      stopping = true;
      return ended(child);
    },
  };
}

/** Starts it and waits until it says `ready`. Throws StartupError when it ends before, or takes too long. */
async function ready(part: PartName, env: Record<string, string>): Promise<ChildProcess> {
  const words = part === 'api' ? ['api'] : ['worker', '--service', part];
  // The channel is how it learns that this process has gone, whichever way.
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const said = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      if (/^ready /m.test(text)) resolve();
      process.stdout.write(text);
    });
  });
  const failed = once(child, 'exit').then(() => `${part} did not start; its own message stands above.`);
  const late = delay(READY_WITHIN_MS, `${part} was not ready within ${READY_WITHIN_MS / 1000} s.`, { ref: false });
  const reason = await Promise.race([said, failed, late]);
  if (reason === undefined) return child;
  child.kill('SIGKILL');
  throw new StartupError({ code: 'part_failed', message: reason });
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await exit;
  clearTimeout(force);
  return child.exitCode;
}
