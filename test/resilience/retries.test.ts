import { describe, expect, test, vi } from 'vitest';
import { DomainError } from '../../services/common/errors.ts';
import { calleePolicy, type PolicyEvent } from '../../services/common/resilience/index.ts';
import { answers, fails, recorded, refuses, unavailable, watch, withFakeTime } from './support.ts';

const time = withFakeTime();

test('a transient failure is tried again, and the first answer is the answer', async () => {
  const policy = calleePolicy('edc');
  const events: PolicyEvent[] = [];
  policy.onEvent((event) => events.push(event));
  const { tries, attempt } = recorded(async (_, number) => (number < 3 ? fails() : answers()));
  const seen = watch(policy.run({ retryable: true }, attempt));
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual({ value: 'answer', afterMs: 0 });
  expect(tries).toHaveLength(3);
  expect(events).toEqual([{ kind: 'retry' }, { kind: 'retry' }]);
});

test('after two retries the caller has the last failure as it was thrown', async () => {
  const failures: unknown[] = [];
  const call = calleePolicy('edc').run({ retryable: true }, async () => {
    const failure = unavailable();
    failures.push(failure);
    throw failure;
  });
  const thrown: unknown = await call.catch((error: unknown) => error);
  expect(failures).toHaveLength(3);
  expect(thrown).toBe(failures[2]);
});

test('a command is never tried again, whatever happened to it', async () => {
  const { tries, attempt } = recorded(fails);
  const seen = watch(calleePolicy('edc').run({ retryable: false }, attempt));
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual({ code: 'service_unavailable', afterMs: 0 });
  expect(tries).toHaveLength(1);
});

describe('what the callee has answered is passed on without a retry', () => {
  test.each([
    ['a business refusal', new DomainError('conflict', 'slot_taken', 'The slot is taken.')],
    ['a stale one', new DomainError('stale', 'stale', 'Read again.', { retryable: true })],
    ['an unavailability that stays', new DomainError('unavailable', 'closed', 'Closed for good.', { retryable: false })],
    ['the open circuit of a service behind it', new DomainError('unavailable', 'circuit_open', 'The site service does not answer at the moment.')],
    ['an error that nobody foresaw', new TypeError('x is not a function')],
  ])('%s', async (_, error) => {
    const { tries, attempt } = recorded(async () => {
      throw error;
    });
    await expect(calleePolicy('edc').run({ retryable: true }, attempt)).rejects.toBe(error);
    expect(tries).toHaveLength(1);
  });

  test('an attempt that throws before it has begun anything', async () => {
    const error = new TypeError('no transport');
    const attempt = (): Promise<string> => {
      throw error;
    };
    await expect(calleePolicy('edc').run({ retryable: true }, attempt)).rejects.toBe(error);
  });

  test('also when it comes from a retry', async () => {
    const { tries, attempt } = recorded(async (_, number) => (number === 1 ? fails() : refuses()));
    const seen = watch(calleePolicy('edc').run({ retryable: true }, attempt));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual({ code: 'slot_taken', afterMs: 0 });
    expect(tries).toHaveLength(2);
  });
});

test.each([
  { share: 1, pauses: [5, 10, 20, 20] },
  { share: 0.5, pauses: [3, 5, 10, 10] },
  { share: 0, pauses: [0, 0, 0, 0] },
])('the pauses grow up to 20 ms and are drawn from the whole of it (share $share)', async ({ share, pauses }) => {
  time.pauses(share);
  const { tries, attempt } = recorded(fails);
  watch(calleePolicy('edc', { retries: 4, deadlineMs: 1000 }).run({ retryable: true }, attempt));
  await vi.advanceTimersByTimeAsync(1000);
  expect(tries.slice(1).map(({ atMs }, index) => atMs - tries[index]!.atMs)).toEqual(pauses);
});
