import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { asActivities, toFailure } from '../../activities/adapt.ts';
import { DomainError } from '../../services/common/index.ts';
import { type CallScope, currentScope } from '../../services/common/resilience/index.ts';

const foreseen = (error: unknown) => toFailure(error, () => expect.fail('was foreseen'));

describe('an error of a verb, as Temporal sees it', () => {
  it('waits for as long as the service behind it is left alone, and is tried again within a third of that', () => {
    const open = new DomainError('unavailable', 'circuit_open', 'The study service does not answer at the moment.', { details: { retryAfterMs: 29_000 } });
    const delays = Array.from({ length: 50 }, () => {
      const failure = foreseen(open);
      expect(failure).toMatchObject({ type: 'circuit_open', nonRetryable: false });
      return Number(failure.nextRetryDelay);
    });
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(29_000);
    expect(Math.max(...delays)).toBeLessThan((29_000 * 4) / 3);
    // Not all in one moment.
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(3000);
  });

  it('is tried again at the pace of its step where nobody knows how long it takes', () => {
    const failure = foreseen(new DomainError('unavailable', 'service_timeout', 'The study service did not answer in time.'));
    expect(failure).toMatchObject({ type: 'service_timeout', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeUndefined();
  });

  it('is not tried again when the answer would be the same', () => {
    expect(foreseen(new DomainError('conflict', 'cap_reached', 'The site is full.'))).toMatchObject({ type: 'cap_reached', nonRetryable: true });
  });

  it('that nobody foresaw says nothing but that it happened', () => {
    const told: unknown[] = [];
    const failure = toFailure(new Error('secret-word'), (error) => told.push(error));
    expect(failure).toMatchObject({ type: 'internal', nonRetryable: false });
    expect(JSON.stringify(failure) + failure.message).not.toContain('secret-word');
    expect(told).toHaveLength(1);
  });
});

it('what an activity asks of other services has no longer than its own attempt', async () => {
  let scope: CallScope | undefined;
  const { look } = asActivities({ look: async (_call: { ctx: string }) => void (scope = currentScope()) }, () => expect.fail('was foreseen'));
  const before = Date.now();
  await new MockActivityEnvironment({ startToCloseTimeoutMs: 3000 }).run(look, { ctx: 'none' });
  expect(scope?.deadlineAt).toBeGreaterThanOrEqual(before + 3000);
  expect(scope?.deadlineAt).toBeLessThanOrEqual(Date.now() + 3000);
});
