import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { endProcess } from '../../runtime/embedded/end-process.ts';
import { processStartTime } from '../../runtime/setup/process-identity.mjs';

const script = fileURLToPath(new URL('./host-process.mjs', import.meta.url));

const END_STEPS = [
  { signal: 'SIGINT', waitMs: 4_000 },
  { signal: 'SIGKILL', waitMs: 1_000 },
] as const;

interface Started {
  postgres?: { url: string; pid: number };
  temporal?: { address: string; pid: number };
  error?: { code: string; pid?: number; message: string };
}

const cleanUps: (() => Promise<void> | void)[] = [];

/** Runs after the test that is under way, whether it passed or not; the last one registered first. */
export function afterwards(cleanUp: () => Promise<void> | void): void {
  // Not a hook of this module: it is loaded once for several test files, and a hook would be of the first one only.
  if (cleanUps.length === 0) onTestFinished(cleanUpAll);
  cleanUps.push(cleanUp);
}

async function cleanUpAll(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}

/** A folder of the test's own, with a space in its path, that only its owner may enter. */
export function closedFolder(): string {
  // mkdtemp makes it with mode 0700.
  const folder = mkdtempSync(join(tmpdir(), 'closed folder '));
  afterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}

/** Starts a separate process that runs these servers, and waits for its word. */
export async function startHost({ dataDir, servers }: { dataDir: string; servers: readonly string[] }) {
  const child = spawn(process.execPath, [script, dataDir, ...servers], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  afterwards(kill);
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited.then(() => ['{}'])]);
  const started: Started = JSON.parse(String(line));
  for (const server of [started.postgres, started.temporal]) {
    if (!server) continue;
    const identity = { pid: server.pid, startTime: processStartTime(server.pid) };
    // Also when the test failed because nothing ended it. The folder goes last: it was registered first.
    afterwards(() => kill().then(() => endProcess({ identity, steps: END_STEPS })));
  }
  return { ...started, pid: child.pid, exited, kill };
}

/** How long it took, in milliseconds, until no such process was left; throws after 10 s. */
export async function msUntilGone(pid: number): Promise<number> {
  const begin = Date.now();
  while (processStartTime(pid) !== undefined) {
    if (Date.now() - begin > 10_000) throw new Error(`process ${pid} does not end`);
    await delay(20);
  }
  return Date.now() - begin;
}
