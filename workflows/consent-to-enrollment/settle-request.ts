import { patched } from '@temporalio/workflow';
import type { Enrollment } from './state.ts';

/**
 * What a request that was cut short has come to, by the key of its step: the step's result, or undefined, and then it
 * never takes effect. Goes on until it is known, because a person is told.
 */
export async function settleRequest<T>({ activities, saga, ctx }: Enrollment, service: 'patient' | 'edc' | 'study', stepKey: string): Promise<T | undefined> {
  if (!patched('requests-settled')) return undefined;
  const options = { summary: 'Settle whether a request took effect' };
  const call = { ctx, key: `${stepKey}/settle`, input: { stepKey } };
  const of = {
    patient: () => activities.patient.settleStep.executeWithOptions(options, [call]),
    study: () => activities.study.settleStep.executeWithOptions(options, [call]),
    edc: () => activities.edc.settleStep.executeWithOptions(options, [call]),
  };
  const settled = await saga.untilItHolds('settle a request', of[service]);
  return settled.tookEffect ? (settled.result as T) : undefined;
}
