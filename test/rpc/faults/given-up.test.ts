// Real: gRPC on loopback, and a TCP proxy whose server goes without a word. Stand-in: the Site service. The callers' clock
// stands still.
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type BehindProxy, siteBehindProxy } from './support.ts';

/** As in runtime/rpc/channels.ts: when a caller asks whether its connection still lives, and how long it waits for that. */
const KEEPALIVE = { pingIntervalMs: 5000, pingTimeoutMs: 2000 };
let at: BehindProxy;

beforeEach(async () => {
  at = await siteBehindProxy();
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await at.stop();
});

// The library (connect-node 2.2.0) opens one for each that finds the old one dead at that moment and forgets all but the
// last: whoever waits for a forgotten one gets no answer, and when it is reset later, the process ends with its error.
it('a connection that is given up while calls come is followed by one, which answers them all, and its end ends nobody', { timeout: 60_000 }, async () => {
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  onTestFinished(() => void process.off('uncaughtException', uncaught));
  const caller = at.caller({ deadlineMs: 20_000 });
  expect(await caller.command('before')).toBe('answer');
  at.proxy.orphan();
  await vi.advanceTimersByTimeAsync(KEEPALIVE.pingIntervalMs + 1);
  const early = [caller.command('early 1'), caller.command('early 2')];
  // Until they have asked whether it lives.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  vi.advanceTimersByTime(KEEPALIVE.pingTimeoutMs);
  const late = Array.from({ length: 3 }, (_, n) => caller.command(`late ${n}`));
  const outcomes = Promise.all([...early, ...late]);
  await expect.poll(() => at.service.commands.length, { timeout: 20_000 }).toBe(6);
  expect(await outcomes).toEqual(Array.from({ length: 5 }, () => 'answer'));
  expect(at.proxy.seen.connections).toBe(2);
  await at.proxy.cut();
  expect(await caller.command('after')).toBe('service_unavailable');
  expect(uncaught).not.toHaveBeenCalled();
});
