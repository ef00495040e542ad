import { expect, test, vi } from 'vitest';
import { calleePolicy, type PolicyEvent } from '../../services/common/resilience/index.ts';
import { answers, calls, fails, neverEnds, recorded, refuses, takes, watch, withFakeTime } from './support.ts';

const time = withFakeTime();

test('the 65th call at once is refused without a wait, a try or a retry', async () => {
  const policy = calleePolicy('edc');
  const events: PolicyEvent['kind'][] = [];
  policy.onEvent(({ kind }) => events.push(kind));
  const { tries, attempt } = recorded(takes(50));
  const within = Array.from({ length: 64 }, () => watch(policy.run({ retryable: false }, attempt)));
  const beyond = watch(policy.run({ retryable: true }, attempt));
  await vi.advanceTimersByTimeAsync(0);
  expect(beyond).toEqual({ code: 'service_busy', details: { retryAfterMs: 1000 }, afterMs: 0 });
  expect(tries).toHaveLength(64);
  await expect(policy.run({ retryable: false }, attempt)).rejects.toMatchObject({
    errorClass: 'unavailable',
    retryable: true,
    publicText: 'Too many calls to the edc service at the moment.',
  });
  await vi.advanceTimersByTimeAsync(50);
  for (const each of within) expect(each).toEqual({ value: 'answer', afterMs: 50 });
  expect(events).toEqual(['rejected_full', 'rejected_full']);
});

test.each([
  ['a success', takes(50), 50],
  ['a failure', takes(50, fails), 50],
  ['a refusal', takes(50, refuses), 50],
  ['a time-out', neverEnds, 200],
])('a place is free again with %s, and not before', async (_, attempt, lastsMs) => {
  const policy = calleePolicy('edc', { concurrency: 1 });
  for (let round = 0; round < 3; round += 1) {
    watch(policy.run({ retryable: false }, attempt));
    await vi.advanceTimersByTimeAsync(lastsMs - 1);
    expect(await calls(policy, 1, answers)).toEqual({ service_busy: 1 });
    await vi.advanceTimersByTimeAsync(1);
    expect(await calls(policy, 1, answers)).toEqual({ answer: 1 });
  }
});

test('a call keeps its place while it pauses', async () => {
  time.pauses(1);
  const policy = calleePolicy('edc', { concurrency: 1 });
  const seen = watch(policy.run({ retryable: true }, recorded(async (__, number) => (number === 1 ? fails() : answers())).attempt));
  await vi.advanceTimersByTimeAsync(4);
  expect(await calls(policy, 1, answers)).toEqual({ service_busy: 1 });
  await vi.advanceTimersByTimeAsync(1);
  expect(seen).toEqual({ value: 'answer', afterMs: 5 });
});

test('a call that the open circuit refuses leaves its place', async () => {
  const policy = calleePolicy('edc', { concurrency: 1 });
  await calls(policy, 20, fails);
  expect(await calls(policy, 5, answers)).toEqual({ circuit_open: 5 });
});

test('refused calls count neither for nor against the callee', async () => {
  const policy = calleePolicy('edc', { concurrency: 1 });
  watch(policy.run({ retryable: false }, neverEnds));
  expect(await calls(policy, 100, answers)).toEqual({ service_busy: 100 });
  // With the time-out 19 failures: had the refusals counted, it would be open, or stay closed with the next.
  await vi.advanceTimersByTimeAsync(200);
  await calls(policy, 18, fails);
  expect(policy.circuit).toBe('closed');
  await calls(policy, 1, fails);
  expect(policy.circuit).toBe('open');
});

test('calls to one callee take no places from another', async () => {
  const [edc, site] = [calleePolicy('edc', { concurrency: 1 }), calleePolicy('site', { concurrency: 1 })];
  watch(edc.run({ retryable: false }, neverEnds));
  expect(await calls(site, 1, answers)).toEqual({ answer: 1 });
});
