import type { ActivityOptions } from '@temporalio/workflow';
import type { TimingProfile } from './timing.ts';

/**
 * Bounded, so that a step which cannot succeed becomes visible as parked: activities that are being retried
 * can't be searched for. What can't succeed by waiting is marked non-retryable where the error is mapped.
 */
export function boundedRetries(timing: TimingProfile): Pick<ActivityOptions, 'startToCloseTimeout' | 'retry'> {
  return {
    startToCloseTimeout: timing.attemptMs,
    retry: {
      initialInterval: timing.retryInitialMs,
      backoffCoefficient: 2,
      maximumInterval: timing.retryMaximumMs,
      maximumAttempts: timing.attempts,
    },
  };
}
