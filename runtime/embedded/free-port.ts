import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago; whoever binds it must be ready to ask for another one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Ports that no system hands out by itself: Linux does from 32768 on, others from 49152. A process chooses from a share
 * of its own, and never the same twice: what it has chosen is free to look at until its owner has started.
 */
const KEPT = { from: 20_000, shares: 12, each: 1000 };
const firstOfShare = KEPT.from + (process.pid % KEPT.shares) * KEPT.each;
const chosen = new Set<number>();
const MAX_TRIES = 100;

/**
 * A free port of 127.0.0.1 that stays so unless somebody asks for just this one: for what can't bind it at once, such as
 * a process that is yet to be started. Never one of `except`, which may be promised to somebody. Throws when none is found.
 */
export async function keptPort({ except = [] }: { except?: readonly number[] } = {}): Promise<number> {
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    const port = firstOfShare + randomInt(KEPT.each);
    if (chosen.has(port) || except.includes(port)) continue;
    chosen.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found from ${firstOfShare} on`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
