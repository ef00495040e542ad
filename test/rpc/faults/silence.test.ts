// Real: gRPC on loopback, and a TCP proxy that is slow or swallows. Stand-in: the Site service. Where it says so, the
// clock of the callers stands still.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from '../../resilience/support.ts';
import { type BehindProxy, siteBehindProxy } from './support.ts';

const PATIENT = { timeout: 60_000 };
/** Longer than any test. */
const FOR_EVER_MS = 10 * 60_000;
/** Several times a deadline here. */
const SLOW_MS = 2500;
let at: BehindProxy;

beforeEach(async () => {
  at = await siteBehindProxy();
});
afterEach(async () => {
  vi.useRealTimers();
  await at.stop();
});

const stopTheClock = () => vi.useFakeTimers({ now: Date.now(), toFake: ['Date', 'setTimeout', 'clearTimeout'] });

describe.each([
  ['is too slow on the way there', () => at.proxy.slow('toServer', SLOW_MS)],
  ['is too slow on the way back', () => at.proxy.slow('toClient', SLOW_MS)],
  ['swallows everything', () => at.proxy.hush()],
])('a network that %s', (name, fail) => {
  it.each(['read', 'command'] as const)('ends a %s at its deadline, not before and not after, with service_timeout', async (kind) => {
    stopTheClock();
    const caller = at.caller({ deadlineMs: 200 });
    expect(await (kind === 'read' ? caller.read() : caller.command('before'))).toBe('answer');
    fail();
    const seen = watch((kind === 'read' ? caller.plain.read() : caller.plain.command('after')) as Promise<never>);
    await vi.advanceTimersByTimeAsync(199);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
  });

  it('has got a command at most once when it is restored, and the same caller is answered again', PATIENT, async () => {
    const caller = at.caller({ deadlineMs: 500, circuitOpenMs: 1 });
    expect(await caller.command('before')).toBe('answer');
    fail();
    expect(await Promise.all([caller.command(name), caller.read()])).toEqual(['service_timeout', 'service_timeout']);
    await at.proxy.restore();
    at.proxy.slow('toServer', 0);
    at.proxy.slow('toClient', 0);
    let round = 0;
    await expect.poll(() => caller.command(`after ${(round += 1)}`), { timeout: 50_000 }).toBe('answer');
    expect(at.service.timesOf(name)).toBeLessThanOrEqual(1);
  });
});

it('a command that the network brings too late takes effect at most once, although its caller had service_timeout', PATIENT, async () => {
  stopTheClock();
  const caller = at.caller({ deadlineMs: 200 });
  expect(await caller.read()).toBe('answer');
  at.proxy.slow('toServer', 300);
  const called = caller.command('late');
  await vi.advanceTimersByTimeAsync(200);
  expect(await called).toBe('service_timeout');
  expect(at.service.timesOf('late')).toBe(0);
  at.proxy.slow('toServer', 0);
  // It comes after the late one, over the same connection.
  expect(await caller.command('next')).toBe('answer');
  expect(at.service.timesOf('late')).toBeLessThanOrEqual(1);
  expect(at.service.commands.indexOf('late')).toBeLessThan(at.service.commands.indexOf('next'));
  expect(at.proxy.seen.connections).toBe(1);
});

it('a slow network within the deadline is no failure', async () => {
  at.proxy.slow('toServer', 50);
  at.proxy.slow('toClient', 50);
  const caller = at.caller();
  const began = performance.now();
  expect(await Promise.all([caller.read(), caller.command('slow')])).toEqual(['answer', 'answer']);
  expect(performance.now() - began).toBeGreaterThanOrEqual(100);
  expect([at.service.reads, at.service.timesOf('slow')]).toEqual([1, 1]);
});

describe('a server that is gone without a word, its connection half open', () => {
  it('is noticed by a caller whose calls end at their deadline, and later ones go over a new connection', PATIENT, async () => {
    const caller = at.caller({ deadlineMs: 300, circuitOpenMs: 1 });
    expect(await caller.read()).toBe('answer');
    at.proxy.orphan();
    expect(await caller.command('lost')).toBe('service_timeout');
    expect(at.proxy.seen.connections).toBe(1);
    await expect.poll(() => caller.read(), { timeout: 50_000, interval: 200 }).toBe('answer');
    expect(at.proxy.seen.connections).toBe(2);
    expect(at.service.timesOf('lost')).toBe(0);
    // The caller has let go of the old one.
    await expect.poll(() => at.proxy.open, { timeout: 20_000 }).toBe(1);
  });

  it('is noticed under a call, long before its deadline: a read is made again and answered, a command is service_unavailable', PATIENT, async () => {
    const caller = at.caller({ deadlineMs: FOR_EVER_MS });
    const release = at.service.hold();
    const calls = Promise.all([caller.read(), caller.command('lost')]);
    await expect.poll(() => [at.service.reads, at.service.timesOf('lost')], { timeout: 20_000 }).toEqual([1, 1]);
    at.proxy.orphan();
    release();
    expect(await calls).toEqual(['answer', 'service_unavailable']);
    expect([at.service.reads, at.service.timesOf('lost')]).toEqual([2, 1]);
    expect(at.proxy.seen.connections).toBe(2);
  });
});
