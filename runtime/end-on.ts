import type { Infrastructure } from './infrastructure.ts';
import type { System } from './system.ts';

/** After SIGTERM the process is gone within 10 s, whatever hangs. */
const STOP_WITHIN_MS = 9500;

/**
 * Drains and exits 0 on SIGTERM or SIGINT, or when a parent that talks to this process has gone; exits 1 when a worker
 * or an embedded server is lost. `release` is called when everything has ended.
 */
export function endOn(system: System, { infrastructure, release }: { infrastructure?: Infrastructure; release?: () => void }): void {
  let ending = false;
  const end = async (exitCode: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode || 1), STOP_WITHIN_MS).unref();
    try {
      await system.stop();
    } finally {
      await infrastructure?.stop();
      release?.();
    }
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  process.once('disconnect', () => void end(0));
  void infrastructure?.lost.then((name) => {
    console.error(`trial-enrollment: the embedded ${name} has ended; start again, nothing that was recorded is lost.`);
    return end(1);
  });
  system.workers.finished.catch((error: unknown) => {
    if (!ending) console.error(`trial-enrollment: a worker has ended (${error instanceof Error ? error.name : 'unknown'}); start again.`);
    void end(1);
  });
}
