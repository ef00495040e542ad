import { describe, expect, test, vi } from 'vitest';
import { DomainError } from '../../services/common/errors.ts';
import { calleePolicy, inScope } from '../../services/common/resilience/index.ts';
import { answers, calls, fails, neverEnds, recorded, refuses, watch, withFakeTime } from './support.ts';

withFakeTime();

describe('the circuit opens', () => {
  test('with the twentieth call of a minute, not with the nineteenth', async () => {
    const policy = calleePolicy('edc');
    expect(await calls(policy, 19, fails)).toEqual({ service_unavailable: 19 });
    expect(policy.circuit).toBe('closed');
    await calls(policy, 1, fails);
    expect(policy.circuit).toBe('open');
  });

  test('at half of the calls failed, not at 49 %', async () => {
    const below = calleePolicy('edc');
    await calls(below, 51, answers);
    await calls(below, 49, fails);
    expect(below.circuit).toBe('closed');

    const at = calleePolicy('edc');
    await calls(at, 50, answers);
    await calls(at, 49, fails);
    expect(at.circuit).toBe('closed');
    await calls(at, 1, fails);
    expect(at.circuit).toBe('open');
  });

  test('also on tries that were not answered in time', async () => {
    const policy = calleePolicy('edc');
    for (let call = 0; call < 20; call += 1) {
      watch(inScope({ deadlineAt: Date.now() + 100 }, () => policy.run({ retryable: false }, neverEnds)));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(policy.circuit).toBe('open');
  });

  test('by tries, of which a retried call has several, and then tries no more', async () => {
    const policy = calleePolicy('edc', { retryBudget: { maxTokens: 1000, tokenRatio: 0.1 } });
    const { tries, attempt } = recorded(fails);
    for (let call = 0; call < 7; call += 1) {
      watch(policy.run({ retryable: true }, attempt));
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(tries).toHaveLength(20);
    expect(policy.circuit).toBe('open');
  });

  test('under a call that pauses, which then has its failure and makes no retry', async () => {
    const policy = calleePolicy('edc');
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const { tries, attempt } = recorded(fails);
    const seen = watch(policy.run({ retryable: true }, attempt));
    await calls(policy, 19, fails);
    expect(policy.circuit).toBe('open');
    await vi.advanceTimersByTimeAsync(5);
    expect(seen).toMatchObject({ code: 'service_unavailable' });
    expect(tries).toHaveLength(1);
  });
});

test('errors that nobody foresaw count against the callee', async () => {
  const policy = calleePolicy('edc');
  await calls(policy, 10, async () => Promise.reject(new TypeError('x is not a function')));
  await calls(policy, 9, answers);
  expect(policy.circuit).toBe('closed');
  await calls(policy, 1, async () => Promise.reject(new TypeError('x is not a function')));
  expect(policy.circuit).toBe('open');
});

describe('the circuit stays closed', () => {
  test.each([
    ['refusals', refuses],
    ['unavailabilities that the callee itself tells of', async () => Promise.reject(new DomainError('unavailable', 'database_unavailable', 'Not now.'))],
    ['open circuits of services behind it', async () => Promise.reject(new DomainError('unavailable', 'circuit_open', 'Not at the moment.'))],
  ])('on %s, which are answers and count as such', async (_, attempt: () => Promise<string>) => {
    const policy = calleePolicy('edc');
    await calls(policy, 50, attempt);
    await calls(policy, 49, fails);
    expect(policy.circuit).toBe('closed');
    await calls(policy, 1, fails);
    expect(policy.circuit).toBe('open');
  });

  test('when the failures before are older than a minute', async () => {
    const policy = calleePolicy('edc');
    await calls(policy, 19, fails);
    await vi.advanceTimersByTimeAsync(60_000);
    await calls(policy, 19, fails);
    expect(policy.circuit).toBe('closed');
  });

  test('after a long silence at whatever moment of it', async () => {
    for (const silenceMs of [60_000, 60_999, 119_000, 120_000, 3_600_000, 3_599_500]) {
      const policy = calleePolicy('edc');
      await vi.advanceTimersByTimeAsync(730);
      await calls(policy, 19, fails);
      await vi.advanceTimersByTimeAsync(silenceMs);
      await calls(policy, 19, fails);
      expect(policy.circuit).toBe('closed');
    }
  });

  test('in sparse traffic, where a window that moves by calls would still hold the failures of long ago', async () => {
    const policy = calleePolicy('edc');
    await calls(policy, 19, fails);
    for (let call = 0; call < 12; call += 1) {
      await vi.advanceTimersByTimeAsync(5000);
      await calls(policy, 1, answers);
    }
    expect(await calls(policy, 7, fails)).toEqual({ service_unavailable: 7 });
    expect(policy.circuit).toBe('closed');
  });

  test('for ever, when a call fails every 3.2 seconds: a minute never has twenty of them', async () => {
    const policy = calleePolicy('edc');
    for (let call = 0; call < 300; call += 1) {
      expect(await calls(policy, 1, fails)).toEqual({ service_unavailable: 1 });
      await vi.advanceTimersByTimeAsync(3200);
    }
    expect(policy.circuit).toBe('closed');
  });
});

test('failures count for all of the last 59 seconds', async () => {
  for (const startMs of [0, 1, 500, 999]) {
    vi.setSystemTime(Date.UTC(2026, 0, 5, 8) + startMs);
    const policy = calleePolicy('edc');
    await calls(policy, 19, fails);
    await vi.advanceTimersByTimeAsync(59_000);
    await calls(policy, 1, fails);
    expect(policy.circuit).toBe('open');
  }
});

test('one failure every three seconds opens it with the twentieth', async () => {
  const policy = calleePolicy('edc');
  for (let call = 0; call < 20; call += 1) {
    expect(policy.circuit).toBe('closed');
    await calls(policy, 1, fails);
    await vi.advanceTimersByTimeAsync(3000);
  }
  expect(policy.circuit).toBe('open');
});

test('a clock that is set back leaves the circuit as it is and goes on counting', async () => {
  const policy = calleePolicy('edc');
  await calls(policy, 19, fails);
  vi.setSystemTime(Date.now() - 30_000);
  await calls(policy, 19, fails);
  expect(policy.circuit).toBe('closed');
  await calls(policy, 1, fails);
  expect(policy.circuit).toBe('open');
});

test("one callee's open circuit leaves another's alone", async () => {
  const [edc, site] = [calleePolicy('edc'), calleePolicy('site')];
  await calls(edc, 20, fails);
  expect(await calls(edc, 1, answers)).toEqual({ circuit_open: 1 });
  expect(await calls(site, 1, answers)).toEqual({ answer: 1 });
  expect([edc.circuit, site.circuit]).toEqual(['open', 'closed']);
});
