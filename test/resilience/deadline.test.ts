import { describe, expect, test, vi } from 'vitest';
import { calleePolicy, DEFAULT_CALLEE, inScope } from '../../services/common/resilience/index.ts';
import { answers, calls, fails, neverEnds, recorded, takes, watch, withFakeTime } from './support.ts';

const time = withFakeTime();
const within = (ms: number) => ({ deadlineAt: Date.now() + ms });

test('the bounds are those that are documented', () => {
  expect(DEFAULT_CALLEE).toEqual({
    deadlineMs: 200,
    firstTryMs: 120,
    retries: 2,
    concurrency: 64,
    breaker: { windowMs: 60_000, minimumCalls: 20, failureRatio: 0.5, openMs: 30_000 },
    retryBudget: { maxTokens: 10, tokenRatio: 0.1 },
  });
});

describe('a call that may not be retried', () => {
  test('has one try with all the time, and is answered at the deadline whatever the try does', async () => {
    const { tries, attempt } = recorded(neverEnds);
    const seen = watch(calleePolicy('edc').run({ retryable: false }, attempt));
    await vi.advanceTimersByTimeAsync(199);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
    expect(tries).toEqual([{ atMs: 0, timeoutMs: 200 }]);
  });

  test('is answered when the answer comes a millisecond before the deadline, and no timer is left', async () => {
    const seen = watch(calleePolicy('edc').run({ retryable: false }, takes(199)));
    await vi.advanceTimersByTimeAsync(199);
    expect(seen).toEqual({ value: 'answer', afterMs: 199 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says in a public text which service did not answer, and that the same call may succeed later', async () => {
    const refused = expect(calleePolicy('edc').run({ retryable: false }, neverEnds)).rejects.toMatchObject({
      errorClass: 'unavailable',
      retryable: true,
      publicText: 'The edc service did not answer in time.',
    });
    await vi.advanceTimersByTimeAsync(200);
    await refused;
  });
});

describe('a call that may be retried', () => {
  test('leaves time for a second try, which has what remains; both together end at the deadline', async () => {
    const { tries, attempt } = recorded(neverEnds);
    const seen = watch(calleePolicy('edc').run({ retryable: true }, attempt));
    await vi.advanceTimersByTimeAsync(199);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
    expect(tries).toEqual([
      { atMs: 0, timeoutMs: 120 },
      { atMs: 120, timeoutMs: 80 },
    ]);
  });

  test('counts its pauses into the deadline', async () => {
    time.pauses(1);
    const { tries, attempt } = recorded(async (_, number) => (number < 3 ? takes(60, fails)() : neverEnds()));
    const seen = watch(calleePolicy('edc').run({ retryable: true }, attempt));
    await vi.advanceTimersByTimeAsync(200);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
    expect(tries).toEqual([
      { atMs: 0, timeoutMs: 120 },
      { atMs: 65, timeoutMs: 135 },
      { atMs: 135, timeoutMs: 65 },
    ]);
  });

  test('has all the time for its one try where no retries are set', async () => {
    const { tries, attempt } = recorded(answers);
    await calleePolicy('edc', { retries: 0 }).run({ retryable: true }, attempt);
    expect(tries).toEqual([{ atMs: 0, timeoutMs: 200 }]);
  });

  test.each([
    { leftMs: 4, pause: 0, tries: 1 },
    { leftMs: 5, pause: 0, tries: 2 },
    { leftMs: 9, pause: 1, tries: 1 },
    { leftMs: 10, pause: 1, tries: 2 },
  ])('a failure with $leftMs ms left and a pause of $pause × 5 ms: $tries tries', async ({ leftMs, pause, tries: expected }) => {
    time.pauses(pause);
    const { tries, attempt } = recorded(async (_, number) => (number === 1 ? takes(100, fails)() : neverEnds()));
    const seen = watch(inScope(within(100 + leftMs), () => calleePolicy('edc').run({ retryable: true }, attempt)));
    await vi.advanceTimersByTimeAsync(100);
    // Without a retry the caller has the failure at once.
    expect(seen).toEqual(expected === 1 ? { code: 'service_unavailable', afterMs: 100 } : {});
    await vi.advanceTimersByTimeAsync(leftMs);
    expect(tries).toHaveLength(expected);
    if (expected === 2) expect(seen).toEqual({ code: 'service_timeout', afterMs: 100 + leftMs });
  });

  test('begins no retry when the pause ends too late, as in a process that was held up', async () => {
    time.pauses(1);
    const { tries, attempt } = recorded(fails);
    const seen = watch(calleePolicy('edc').run({ retryable: true }, attempt));
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + 195);
    await vi.advanceTimersByTimeAsync(5);
    expect(seen.code).toBe('service_unavailable');
    expect(tries).toHaveLength(1);
  });
});

describe("the caller's own remaining time", () => {
  test.each([
    { retryable: false, leftMs: 50, tries: [50] },
    { retryable: true, leftMs: 50, tries: [50] },
    { retryable: true, leftMs: 150, tries: [120, 30] },
    { retryable: false, leftMs: 1, tries: [1] },
  ])('bounds a call (retryable: $retryable) with $leftMs ms left', async ({ retryable, leftMs, tries: expected }) => {
    const { tries, attempt } = recorded(neverEnds);
    const seen = watch(inScope(within(leftMs), () => calleePolicy('edc').run({ retryable }, attempt)));
    await vi.advanceTimersByTimeAsync(leftMs - 1);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: leftMs });
    expect(tries.map(({ timeoutMs }) => timeoutMs)).toEqual(expected);
  });

  test('is never given to a try as nothing at all, which may mean "no bound" to a transport, when the clock ticks in between', async () => {
    const { tries, attempt } = recorded(answers);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValueOnce(now).mockReturnValue(now + 1);
    await inScope({ deadlineAt: now + 1 }, () => calleePolicy('edc').run({ retryable: false }, attempt));
    expect(tries).toEqual([{ atMs: 1, timeoutMs: 1 }]);
  });

  test('never lengthens a call', async () => {
    const { tries, attempt } = recorded(neverEnds);
    const seen = watch(inScope(within(1000), () => calleePolicy('edc').run({ retryable: false }, attempt)));
    await vi.advanceTimersByTimeAsync(200);
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
    expect(tries).toEqual([{ atMs: 0, timeoutMs: 200 }]);
  });

  test('binds nobody when it is not set', async () => {
    const { tries, attempt } = recorded(answers);
    await inScope({ deadlineAt: undefined }, () => calleePolicy('edc').run({ retryable: false }, attempt));
    expect(tries).toEqual([{ atMs: 0, timeoutMs: 200 }]);
  });

  test.each([0, -1, -10_000])('when it is over (%d ms left) the call is refused without a try, which the callee is not blamed for', async (leftMs) => {
    const policy = calleePolicy('edc');
    const { tries, attempt } = recorded(answers);
    for (let call = 0; call < 30; call += 1) {
      const seen = watch(inScope(within(leftMs), () => policy.run({ retryable: true }, attempt)));
      await vi.advanceTimersByTimeAsync(0);
      expect(seen).toEqual({ code: 'service_timeout', afterMs: 0 });
    }
    expect(tries).toEqual([]);
    expect(policy.circuit).toBe('closed');
    expect(await calls(policy, 1, answers)).toEqual({ answer: 1 });
  });
});

test('a try that fails after its call was answered disturbs nobody', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    const seen = watch(calleePolicy('edc').run({ retryable: true }, takes(500, fails)));
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(seen).toEqual({ code: 'service_timeout', afterMs: 200 });
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
