import { describe, expect, test, vi } from 'vitest';
import { type CalleePolicy, calleePolicy, inScope, type PolicyEvent } from '../../services/common/resilience/index.ts';
import { answers, calls, fails, neverEnds, recorded, refuses, takes, watch, withFakeTime } from './support.ts';

withFakeTime();

async function opened(): Promise<{ policy: CalleePolicy; events: PolicyEvent['kind'][] }> {
  const policy = calleePolicy('edc');
  const events: PolicyEvent['kind'][] = [];
  policy.onEvent(({ kind }) => events.push(kind));
  await calls(policy, 20, fails);
  expect(policy.circuit).toBe('open');
  return { policy, events };
}

describe('while the circuit is open', () => {
  test('calls are refused at once without a try, and learn when the next probe may go', async () => {
    const { policy, events } = await opened();
    const { tries, attempt } = recorded(answers);
    await vi.advanceTimersByTimeAsync(10_000);
    const seen = watch(policy.run({ retryable: true }, attempt));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual({ code: 'circuit_open', details: { retryAfterMs: 20_000 }, afterMs: 0 });
    expect(tries).toEqual([]);
    expect(events).toEqual(['opened', 'rejected_open']);
    await expect(policy.run({ retryable: false }, attempt)).rejects.toMatchObject({
      errorClass: 'unavailable',
      retryable: true,
      publicText: 'The edc service does not answer at the moment.',
    });
  });

  test('nothing is tried for 29.9 s; the first call after 30 s is the probe', async () => {
    const { policy, events } = await opened();
    const { tries, attempt } = recorded(answers);
    await vi.advanceTimersByTimeAsync(29_900);
    const refused = watch(policy.run({ retryable: false }, attempt));
    await vi.advanceTimersByTimeAsync(99);
    expect(refused).toEqual({ code: 'circuit_open', details: { retryAfterMs: 100 }, afterMs: 0 });
    expect(await calls(policy, 1, attempt)).toEqual({ circuit_open: 1 });
    await vi.advanceTimersByTimeAsync(1);
    expect(tries).toEqual([]);
    expect(await calls(policy, 1, attempt)).toEqual({ answer: 1 });
    expect(policy.circuit).toBe('closed');
    expect(events).toEqual(['opened', 'rejected_open', 'rejected_open', 'half_open', 'closed']);
  });
});

describe('the probe', () => {
  test.each([
    ['an answer', answers],
    ['a refusal, which is an answer too', refuses],
  ])('closes the circuit with %s, and what was before is forgotten', async (_, attempt) => {
    const { policy } = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    await calls(policy, 1, attempt);
    expect(policy.circuit).toBe('closed');
    // The probe and 18 failures are 19 calls.
    await calls(policy, 18, fails);
    expect(policy.circuit).toBe('closed');
    await calls(policy, 1, fails);
    expect(policy.circuit).toBe('open');
  });

  test.each([
    ['fails', fails, 0],
    ['is not answered in time', neverEnds, 200],
  ])('that %s opens it for another 30 s, every time, and is not tried again', async (_, attempt, lastsMs) => {
    const { policy, events } = await opened();
    for (let round = 0; round < 3; round += 1) {
      await vi.advanceTimersByTimeAsync(29_999);
      const refused = watch(policy.run({ retryable: false }, answers));
      await vi.advanceTimersByTimeAsync(1);
      expect(refused).toEqual({ code: 'circuit_open', details: { retryAfterMs: 1 }, afterMs: 0 });
      const probe = recorded(attempt);
      watch(policy.run({ retryable: lastsMs === 0 }, probe.attempt));
      await vi.advanceTimersByTimeAsync(lastsMs);
      expect(probe.tries).toHaveLength(1);
      expect(policy.circuit).toBe('open');
    }
    expect(events.filter((kind) => kind !== 'rejected_open')).toEqual(['opened', 'half_open', 'opened', 'half_open', 'opened', 'half_open', 'opened']);
  });

  test('is one call: those beside it are refused at once and do not wait for it', async () => {
    const { policy } = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    const probe = watch(policy.run({ retryable: false }, takes(150)));
    expect(policy.circuit).toBe('half-open');
    await vi.advanceTimersByTimeAsync(50);
    const beside = recorded(answers);
    const seen = Array.from({ length: 10 }, () => watch(policy.run({ retryable: true }, beside.attempt)));
    await vi.advanceTimersByTimeAsync(0);
    // The probe has at most 150 ms more.
    for (const each of seen) expect(each).toEqual({ code: 'circuit_open', details: { retryAfterMs: 150 }, afterMs: 0 });
    expect(beside.tries).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(probe).toEqual({ value: 'answer', afterMs: 150 });
    expect(policy.circuit).toBe('closed');
    expect(await calls(policy, 1, beside.attempt)).toEqual({ answer: 1 });
  });

  test('of a caller with little time is decided by then', async () => {
    const { policy } = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    watch(inScope({ deadlineAt: Date.now() + 20 }, () => policy.run({ retryable: false }, neverEnds)));
    await vi.advanceTimersByTimeAsync(19);
    expect(policy.circuit).toBe('half-open');
    await vi.advanceTimersByTimeAsync(1);
    expect(policy.circuit).toBe('open');
  });
});

test('a listener that throws neither fails a call nor holds up the circuit, and the next one hears all the same', async () => {
  const policy = calleePolicy('edc');
  const heard: string[] = [];
  policy.onEvent(() => {
    throw new Error('metrics are away');
  });
  policy.onEvent(({ kind }) => heard.push(kind));
  expect(await calls(policy, 20, fails)).toEqual({ service_unavailable: 20 });
  expect(await calls(policy, 1, answers)).toEqual({ circuit_open: 1 });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await calls(policy, 1, answers)).toEqual({ answer: 1 });
  expect(heard).toEqual(['opened', 'rejected_open', 'half_open', 'closed']);
});
