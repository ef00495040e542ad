import { patched } from '@temporalio/workflow';
import type { Enrollment } from './state.ts';

/**
 * What a request that was cut short has come to, by the key of its step: the step's result, or undefined, and then it
 * never takes effect. Goes on until it is known, because a person is told.
 */
export async function settleRequest<T>({ activities, saga, ctx }: Enrollment, service: 'patient' | 'edc' | 'study', stepKey: string): Promise<T | undefined> {
  if (!patched('requests-settled')) return undefined;
  const settled = await saga.untilItHolds('settle a request', () =>
    activities[service].settleStep.executeWithOptions({ summary: 'Settle whether a request took effect' }, [
      { ctx, key: `${stepKey}/settle`, input: { stepKey } },
    ]),
  );
  return settled.tookEffect ? (settled.result as T) : undefined;
}
