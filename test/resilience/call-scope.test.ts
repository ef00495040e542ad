import { expect, test, vi } from 'vitest';
import { calleePolicy, currentScope, inScope } from '../../services/common/resilience/index.ts';
import { unavailable, withFakeTime } from './support.ts';

withFakeTime();

const scope = (deadlineAt: number) => ({ deadlineAt });

test('a scope holds in what its work begins, across await and timers, and nowhere else', async () => {
  const later = async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    return currentScope()?.deadlineAt;
  };
  const both = Promise.all([inScope(scope(1), later), inScope(scope(2), later), later()]);
  expect(currentScope()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10);
  expect(await both).toEqual([1, 2, undefined]);
});

test('an inner scope replaces the outer one and ends with its work', () => {
  inScope(scope(1), () => {
    inScope({ deadlineAt: undefined }, () => expect(currentScope()).toEqual({ deadlineAt: undefined }));
    expect(currentScope()).toEqual(scope(1));
  });
});

test('every try of a call sees the scope of its caller, unchanged', async () => {
  const seen: unknown[] = [];
  const caller = { deadlineAt: Date.now() + 150 };
  const call = inScope(caller, () =>
    calleePolicy('edc').run({ retryable: true }, async () => {
      seen.push(currentScope());
      if (seen.length < 3) throw unavailable();
      return 'answer';
    }),
  );
  await vi.advanceTimersByTimeAsync(150);
  expect(await call).toBe('answer');
  expect(seen).toEqual([caller, caller, caller]);
});
