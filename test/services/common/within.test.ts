import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inProcessClient, within } from '../../../services/common/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const late = () => new Error('late');
const after = (ms: number, outcome: () => string) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  }).then(outcome);
const failing = (): string => {
  throw new Error('its own');
};

test('what ends in time passes as it is, and no timer is left', async () => {
  const done = within(100, after(99, () => 'done'), late);
  const failed = expect(within(100, after(99, failing), late)).rejects.toThrow('its own');
  await vi.advanceTimersByTimeAsync(99);
  expect(await done).toBe('done');
  await failed;
  expect(vi.getTimerCount()).toBe(0);
});

test('what takes longer is refused at the bound; that it fails later disturbs nobody', async () => {
  let refusedAt: number | undefined;
  const began = Date.now();
  const refused = within(100, after(101, failing), late).catch((error: unknown) => {
    refusedAt = Date.now() - began;
    return error;
  });
  // A rejection that nobody handled would fail this run.
  await vi.advanceTimersByTimeAsync(1000);
  expect(await refused).toEqual(late());
  expect(refusedAt).toBe(100);
});

test('a service that does not answer in time is refused as something that may pass', async () => {
  const client = inProcessClient('slow', { ask: (word: string) => after(101, () => word) }, { verbs: ['ask'], deadlineMs: 100 });
  const refused = expect(client.ask('x')).rejects.toMatchObject({ code: 'service_timeout', errorClass: 'unavailable', retryable: true });
  await vi.advanceTimersByTimeAsync(200);
  await refused;
});
