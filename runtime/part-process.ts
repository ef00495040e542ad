import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StartupError } from './embedded/startup-error.ts';
import type { Part } from './part.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const READY_WITHIN_MS = 60_000;
/** A part that ends more often within a minute is not started again. */
const MOST_RESTARTS = 5;
const RESTART_AFTER_MS = 500;
/** It ends by itself within 10 s of SIGTERM. */
const KILL_AFTER_MS = 12_000;

export type PartProcess = {
  /** From now on it is not started again when it ends. */
  letGo(): void;
  /** SIGTERM; SIGKILL when it has not ended in time. */
  stop(): Promise<void>;
};

/**
 * One part as a child process, which ends with this one, and is started again under the same addresses when it ends by
 * itself; `onLost` when that happens again and again.
 */
export async function startPart(part: Part, env: Record<string, string>, onLost: () => void): Promise<PartProcess> {
  const leaving = new AbortController();
  let child = await ready(part, env);
  // Of the process that runs, or of the one that is being started in its place.
  let kept: Promise<void> = Promise.resolve();
  const restarts: number[] = [];

  const startAgain = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const now = Date.now();
      restarts.splice(0, restarts.length, ...restarts.filter((at) => now - at < 60_000), now);
      if (restarts.length > MOST_RESTARTS) return onLost();
      console.error(`trial-enrollment: ${part} has ended and is started again.`);
      await delay(RESTART_AFTER_MS);
      try {
        child = await ready(part, env);
        return watch();
      } catch {
        // Its own message has been printed; the next try counts.
      }
    }
  };
  const watch = () => {
    child.once('exit', () => {
      kept = startAgain();
    });
  };
  watch();
  return {
    letGo: () => leaving.abort(),
    stop: async () => {
      leaving.abort();
      await kept;
      await ended(child);
    },
  };
}

/** Starts it and waits until it says `ready`. Throws StartupError when it ends before, or takes too long. */
async function ready(part: Part, env: Record<string, string>): Promise<ChildProcess> {
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

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await exit;
  clearTimeout(force);
}
