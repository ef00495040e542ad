import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '../../db/provision.ts';
import type { Target } from './fault-plan.ts';

export type WorkersOptions = {
  temporalAddress: string;
  workflowBundlePath: string;
  smtpUrl: string;
  serviceKeysFile: string;
  databaseUrls: Record<ServiceName, string>;
};
export type Armed = Target & { mode: 'fails' | 'holds' };
export type FromParent = { start: WorkersOptions } | { arm: Armed[] };
export type ToParent = { ready: true } | { armed: true } | { holding: Target };

const START_MS = 30_000;

/** A child process that runs all workers, until it is killed; it ends by itself when this process does. */
export class WorkerChild {
  readonly #child: ChildProcess;
  readonly #holding = new Set<string>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    // Many ask it at once at the beginning, each with a listener of its own.
    child.setMaxListeners(100);
    child.on('message', (message: ToParent) => {
      if ('holding' in message) this.#holding.add(nameOf(message.holding));
    });
  }

  static async start(options: WorkersOptions): Promise<WorkerChild> {
    const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
    // The same Node as this one, which is the project's.
    const child = fork(script, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const workers = new WorkerChild(child);
    await workers.#ask({ start: options }, 'ready');
    return workers;
  }

  /** Resolves when the process knows of these faults. */
  arm(faults: Armed[]): Promise<void> {
    return this.#ask({ arm: faults }, 'armed');
  }

  /** Has this activity taken effect, and does it hold its answer back? */
  isHolding(target: Target): boolean {
    return this.#holding.has(nameOf(target));
  }

  /** SIGKILL: no worker says goodbye to Temporal, no transaction is closed in order. */
  async kill(): Promise<NodeJS.Signals | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    return this.#child.signalCode;
  }

  async #ask(message: FromParent, answer: 'ready' | 'armed'): Promise<void> {
    const signal = AbortSignal.timeout(START_MS);
    const heard = (async () => {
      for (;;) {
        const [told] = (await once(this.#child, 'message', { signal })) as [ToParent];
        if (answer in told) return;
      }
    })();
    this.#child.send(message);
    await heard;
  }
}

function nameOf({ patientId, activity }: Target): string {
  return `${patientId} ${activity}`;
}
