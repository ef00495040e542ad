import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { processStartTime } from '../setup/process-identity.mjs';
import { endProcess } from './end-process.ts';
import type { EndStep } from './end-process.ts';
import { forgetChild, guardChild } from './warden.ts';

/** A log beyond this size is moved aside (to `.1`) at the next start. */
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

export interface GuardedChild {
  readonly pid: number;
  readonly startTime: string | undefined;
  /** Settles when the child has ended, asked to or not; never rejects. */
  readonly exited: Promise<void>;
  hasExited(): boolean;
  stop(): Promise<void>;
}

interface SpawnOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** File that takes the child's output; discarded without it. */
  log: string | undefined;
  /** How the child is ended; the first signal is also the warden's. */
  endSteps: readonly [EndStep, ...EndStep[]];
  uid?: number | undefined;
  gid?: number | undefined;
}

/**
 * Starts a server process that never outlives this one by more than 5 s (see `warden.ts`).
 * It has a process group of its own, so that Ctrl-C reaches this process only, which then stops it in order.
 * Rejects with the system's error when the program can't be executed.
 */
export async function spawnGuarded(options: SpawnOptions): Promise<GuardedChild> {
  const { command, args, env, cwd, log, endSteps, uid, gid } = options;
  const output = log === undefined ? 'ignore' : openLog(log);
  const ids = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', output, output], ...ids });
  if (typeof output === 'number') closeSync(output);
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw error;
  }
  const identity = { pid, startTime: processStartTime(pid) };
  guardChild({ ...identity, signal: endSteps[0].signal });
  const exited = once(child, 'exit').then(() => forgetChild(pid));
  return {
    ...identity,
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      await endProcess({ identity, steps: endSteps });
      await exited;
    },
  };
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
