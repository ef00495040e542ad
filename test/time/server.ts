import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { type InternalConnectionOptions, InternalConnectionOptionsSymbol } from '@temporalio/client/lib/connection.js';
import { freePort } from '../../runtime/embedded/free-port.ts';
import { type GuardedChild, spawnGuarded } from '../../runtime/embedded/guarded-child.ts';
import type { RunningTemporal } from '../../runtime/embedded/temporal.ts';
import { INDEXED_VALUE_TYPE, listens, NAMESPACE } from '../../runtime/embedded/temporal-ready.ts';
import { findTestServer } from '../../runtime/setup/test-server-binary.mjs';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { ServerClock } from './server-clock.ts';

const READY_WITHIN_MS = 20_000;
const CALL_MS = 5000;
/** Another program may take a port between our look and the bind. */
const ATTEMPTS = 4;
const END_STEPS = [
  { signal: 'SIGTERM', waitMs: 2000 },
  { signal: 'SIGKILL', waitMs: 2000 },
] as const;

export type TimeSkippingServer = RunningTemporal & { clock: ServerClock };

/**
 * Temporal's time-skipping test server, with our search attributes. It keeps nothing, and ends with this process.
 * It has no lists (`workflow.list`), and time is one for everything on it: one test after the other.
 */
export async function startTimeSkippingServer(): Promise<TimeSkippingServer> {
  const command = findTestServer();
  if (!command) throw new Error('The time-skipping test server is missing: run "node runtime/setup.mjs --for-tests".');
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? tmpdir() };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const child = await spawnGuarded({ command, args: [String(port)], env, cwd: tmpdir(), log: undefined, endSteps: END_STEPS });
    if (await answers(address, child)) return running(address, child);
    await child.stop();
  }
  throw new Error('The time-skipping test server does not start.');
}

async function answers(address: string, child: GuardedChild): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!child.hasExited() && Date.now() < deadline) {
    if (await listens(address)) return true;
    await delay(20);
  }
  return false;
}

async function running(address: string, child: GuardedChild): Promise<TimeSkippingServer> {
  // The option by which the SDK's own test environment asks for the service that skips time.
  const options: InternalConnectionOptions = { address, connectTimeout: CALL_MS, [InternalConnectionOptionsSymbol]: { supportsTestService: true } };
  const connection = await Connection.connect(options);
  const searchAttributes = Object.fromEntries(Object.entries(REQUIRED_SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
  await connection.withDeadline(Date.now() + CALL_MS, () => connection.operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes }));
  const clock = new ServerClock(connection);
  await clock.follow();
  const stop = async () => {
    await connection.close();
    await child.stop();
  };
  return { address, pid: child.pid, exited: child.exited, clock, stop };
}
