import { expect, test, vi } from 'vitest';
import { calleePolicy, type CalleePolicy, type PolicyEvent } from '../../services/common/resilience/index.ts';
import { answers, calls, fails, recorded, refuses, watch, withFakeTime } from './support.ts';

withFakeTime();

/** The circuit is kept out of it. */
const policyOf = () => calleePolicy('edc', { breaker: { windowMs: 60_000, minimumCalls: 1_000_000, failureRatio: 1, openMs: 30_000 } });

async function triesOf(policy: CalleePolicy): Promise<number> {
  const { tries, attempt } = recorded(fails);
  watch(policy.run({ retryable: true }, attempt));
  await vi.advanceTimersByTimeAsync(200);
  return tries.length;
}

test('in a storm the retries end with the fifth failure; after that every call has one try', async () => {
  const policy = policyOf();
  const events: PolicyEvent['kind'][] = [];
  policy.onEvent(({ kind }) => events.push(kind));
  const tries: number[] = [];
  for (let call = 0; call < 100; call += 1) tries.push(await triesOf(policy));
  // Of 10 tokens 9, 8 and 7 are left after the failures of the first call, 6 and 5 after those of the second.
  expect(tries.slice(0, 3)).toEqual([3, 2, 1]);
  expect(tries.reduce((sum, each) => sum + each)).toBe(103);
  expect(events.filter((kind) => kind === 'retry')).toHaveLength(3);
  expect(events.filter((kind) => kind === 'retry_refused')).toHaveLength(99);
});

test('a refused retry leaves the caller with the failure at once', async () => {
  const policy = policyOf();
  await calls(policy, 10, fails);
  const seen = watch(policy.run({ retryable: true }, fails));
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual({ code: 'service_unavailable', afterMs: 0 });
});

test('failures of commands take from it too', async () => {
  const policy = policyOf();
  await calls(policy, 3, fails);
  expect(await triesOf(policy)).toBe(2);
  const spent = policyOf();
  await calls(spent, 4, fails);
  expect(await triesOf(spent)).toBe(1);
});

test('it recovers with a tenth of a token per success, and not a success earlier', async () => {
  const policy = policyOf();
  await calls(policy, 1000, fails);
  // From nothing to 6 tokens, of which the failure itself takes one: 5 are half.
  await calls(policy, 60, answers);
  expect(await triesOf(policy)).toBe(1);
  // 5 again; 10 more successes are 6 and not enough, the 11th is.
  await calls(policy, 11, answers);
  expect(await triesOf(policy)).toBe(2);
});

test('successes never save up more than it had', async () => {
  const policy = policyOf();
  await calls(policy, 1000, answers);
  await calls(policy, 4, fails);
  expect(await triesOf(policy)).toBe(1);
});

test('what the callee refuses neither takes from it nor gives', async () => {
  const policy = policyOf();
  await calls(policy, 100, refuses);
  expect(await triesOf(policy)).toBe(3);
  const spent = policyOf();
  await calls(spent, 10, fails);
  await calls(spent, 100, refuses);
  expect(await triesOf(spent)).toBe(1);
});

test('one callee that fails leaves the retries to another alone', async () => {
  await calls(policyOf(), 1000, fails);
  expect(await triesOf(policyOf())).toBe(3);
});
