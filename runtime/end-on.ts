/** After SIGTERM the process is gone within 10 s, whatever hangs. */
const STOP_WITHIN_MS = 9500;

type Ending = {
  /** Ends everything, the servers last. */
  stop: () => Promise<void>;
  /** Each settles when something that this process can't do without is lost, with what to tell of it. */
  losses: readonly Promise<string>[];
};

/**
 * Drains and exits 0 on SIGTERM or SIGINT, or when a parent that talks to this process has gone; exits 1, with a line
 * that says so, when something is lost.
 */
export function endOn({ stop, losses }: Ending): void {
  let ending = false;
  const end = async (exitCode: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode || 1), STOP_WITHIN_MS).unref();
    await stop();
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  process.once('disconnect', () => void end(0));
  for (const loss of losses) {
    void loss.then((message) => {
      if (!ending) console.error(`trial-enrollment: ${message}`);
      return end(1);
    });
  }
}

/** The end of a process that also holds the embedded servers and the lock on their data. */
export async function stopAll(system: { stop(): Promise<void> }, { infrastructure, release }: { infrastructure: { stop(): Promise<void> }; release: () => void }): Promise<void> {
  try {
    await system.stop();
  } finally {
    await infrastructure.stop();
    release();
  }
}

export const lostServer = (lost: Promise<string>): Promise<string> =>
  lost.then((name) => `the embedded ${name} has ended; start again, nothing that was recorded is lost.`);

/** Never settles while the workers do what they should, or have been stopped. */
export const lostWorker = (finished: Promise<void>): Promise<string> =>
  new Promise((resolve) => {
    finished.catch((error: unknown) => resolve(`a worker has ended (${error instanceof Error ? error.name : 'unknown'}); start again.`));
  });
