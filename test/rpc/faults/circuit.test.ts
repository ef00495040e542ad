// Real: gRPC on loopback, and a TCP proxy that fails. Stand-in: the Site service. The callers' clock stands still, so that
// what happens "at once" takes no time of it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../services/common/index.ts';
import { type BehindProxy, type Caller, siteBehindProxy } from './support.ts';

// Short enough for every test to be over before the caller asks whether its connection still lives, after five seconds.
const OPEN_MS = 500;
const DEADLINE_MS = 100;
let at: BehindProxy;
let caller: Caller;

beforeEach(async () => {
  at = await siteBehindProxy();
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  caller = at.caller({ deadlineMs: DEADLINE_MS, circuitOpenMs: OPEN_MS });
});
afterEach(async () => {
  vi.useRealTimers();
  await at.stop();
});

const circuit = () => caller.channels.circuits()['site'];

/** Calls until the circuit is open, which the twentieth call does. */
async function failUntilOpen(how: 'refuses' | 'swallows'): Promise<void> {
  // A connection and a token, which take real time: what comes after takes none.
  expect(await caller.command('before')).toBe('answer');
  if (how === 'refuses') await at.proxy.cut();
  else at.proxy.hush();
  const outcome = how === 'refuses' ? 'service_unavailable' : 'service_timeout';
  for (let call = 2; call <= 20; call += 1) {
    expect(circuit()).toBe('closed');
    const called = caller.command(`failing ${call}`);
    if (how === 'swallows') await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await called).toBe(outcome);
  }
  expect(circuit()).toBe('open');
}

describe.each(['refuses', 'swallows'] as const)('to a service behind a network that %s', (how) => {
  it('the circuit opens, and then calls are refused without touching the network, which is well again', async () => {
    await failUntilOpen(how);
    await at.proxy.restore();
    const { connections, bytes } = at.proxy.seen;
    const refused = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? caller.plain.read() : caller.plain.command('refused')).then(() => null, (reason: unknown) => reason)));
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(DomainError);
      expect(reason).toMatchObject({ errorClass: 'unavailable', code: 'circuit_open', details: { retryAfterMs: OPEN_MS } });
    }
    await vi.advanceTimersByTimeAsync(OPEN_MS - 1);
    expect(await caller.read()).toBe('circuit_open');
    expect(circuit()).toBe('open');
    expect(at.proxy.seen).toEqual({ connections, bytes });
    expect([at.service.reads, at.service.commands]).toEqual([0, ['before']]);
  });

  it('the circuit closes again by one probe, beside which nobody else gets through', async () => {
    await failUntilOpen(how);
    await at.proxy.restore();
    await vi.advanceTimersByTimeAsync(OPEN_MS);
    const release = at.service.hold();
    const probe = caller.command('probe');
    expect(circuit()).toBe('half-open');
    expect(await Promise.all(Array.from({ length: 10 }, () => caller.read()))).toEqual(Array.from({ length: 10 }, () => 'circuit_open'));
    release();
    expect(await probe).toBe('answer');
    expect(circuit()).toBe('closed');
    expect([at.service.reads, at.service.commands]).toEqual([0, ['before', 'probe']]);
    expect(await Promise.all([caller.read(), caller.read()])).toEqual(['answer', 'answer']);
  });

  it('the circuit stays open while the network is ill: each open time has one probe', async () => {
    await failUntilOpen(how);
    for (let round = 1; round <= 3; round += 1) {
      await vi.advanceTimersByTimeAsync(OPEN_MS);
      const probe = caller.command('probe');
      if (how === 'swallows') await vi.advanceTimersByTimeAsync(DEADLINE_MS);
      expect(await probe).toBe(how === 'refuses' ? 'service_unavailable' : 'service_timeout');
      expect(await caller.command('refused')).toBe('circuit_open');
      expect(circuit()).toBe('open');
    }
  });
});
