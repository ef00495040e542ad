import { expect, test, vi } from 'vitest';
import { calleePolicy, currentScope, inScope } from '../../services/common/resilience/index.ts';
import { unavailable, withFakeTime } from './support.ts';

withFakeTime();

const scope = (traceparent: string) => ({ deadlineAt: undefined, traceparent });

test('a scope holds in what its work begins, across await and timers, and nowhere else', async () => {
  const later = async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    return currentScope()?.traceparent;
  };
  const both = Promise.all([inScope(scope('first'), later), inScope(scope('second'), later), later()]);
  expect(currentScope()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10);
  expect(await both).toEqual(['first', 'second', undefined]);
});

test('an inner scope replaces the outer one and ends with its work', () => {
  inScope({ deadlineAt: 1, traceparent: 'outer' }, () => {
    inScope(scope('inner'), () => expect(currentScope()).toEqual({ deadlineAt: undefined, traceparent: 'inner' }));
    expect(currentScope()).toEqual({ deadlineAt: 1, traceparent: 'outer' });
  });
});

test('every try of a call sees the scope of its caller, unchanged', async () => {
  const seen: unknown[] = [];
  const caller = { deadlineAt: Date.now() + 150, traceparent: '00-trace' };
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
