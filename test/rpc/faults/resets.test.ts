// Real: gRPC on loopback, and a TCP proxy that breaks connections. Stand-in: the Site service.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BehindProxy, type Caller, siteBehindProxy } from './support.ts';

let at: BehindProxy;
let caller: Caller;

beforeAll(async () => {
  at = await siteBehindProxy();
});
beforeEach(async () => {
  at.service.reads = 0;
  caller = at.caller();
  expect(await caller.read()).toBe('answer');
});
afterAll(() => at.stop());

const HOW = [
  ['RST', 'reset'],
  ['FIN', 'end'],
] as const;

describe.each(HOW)('a connection that ends by %s', (_, how) => {
  describe.each([
    ['before the call has reached the service', 'toServer', 0],
    ['in the middle of the call on its way there', 'toServer', 40],
    ['before anything of the answer is back', 'toClient', 0],
    ['after the first bytes of the answer', 'toClient', 3],
    ['in the middle of the answer', 'toClient', 60],
  ] as const)('%s', (__, direction, bytes) => {
    it('is not seen by who reads: the call is made again over a new connection, and answered', async () => {
      const { connections } = at.proxy.seen;
      at.proxy.breakAfter(direction, bytes, how);
      expect(await caller.read()).toBe('answer');
      expect(at.proxy.seen.connections).toBe(connections + 1);
    });

    it('is service_unavailable to who commands, once sent and not again; the next command is answered', async () => {
      const key = `${how} ${direction} ${bytes}`;
      const { connections } = at.proxy.seen;
      at.proxy.breakAfter(direction, bytes, how);
      expect(await caller.command(key)).toBe('service_unavailable');
      // Nothing is made again by itself, in the background either: the next command comes over the second connection.
      expect(at.proxy.seen.connections).toBe(connections);
      expect(await caller.command(`after ${key}`)).toBe('answer');
      expect(at.service.timesOf(key)).toBe(direction === 'toServer' ? 0 : 1);
      expect(at.proxy.seen.connections).toBe(connections + 1);
    });
  });
});

it('a service that is cut off while it works on commands has got each once, and all their callers have service_unavailable', async () => {
  const keys = ['cut off 1', 'cut off 2', 'cut off 3'];
  const release = at.service.hold();
  const called = Promise.all(keys.map((key) => caller.command(key)));
  await expect.poll(() => keys.map((key) => at.service.timesOf(key)), { timeout: 20_000 }).toEqual([1, 1, 1]);
  await at.proxy.cut();
  expect(await called).toEqual(keys.map(() => 'service_unavailable'));
  await at.proxy.restore();
  release();
  expect(await caller.command('after the cut')).toBe('answer');
  expect(keys.map((key) => at.service.timesOf(key))).toEqual([1, 1, 1]);
});
