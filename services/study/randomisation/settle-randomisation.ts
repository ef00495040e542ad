import { settleCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import type { Randomised } from '../types.ts';

/**
 * On which side of the pivot a lost answer left us, by the step's key under its lock: the allocation when it was taken;
 * otherwise the key is dead, and an attempt that arrives later is refused. Asking again gives the same answer.
 */
export async function settleRandomisation(
  { db }: StudyDeps,
  { ctx, input }: Call<{ stepKey: string }>,
): Promise<{ randomised: true; allocationId: string; at: string } | { randomised: false }> {
  const settled = await settleCommand<Randomised>({ db, ledger, verb: 'settleRandomisation', key: input.stepKey, ctx });
  if (!settled.tookEffect || 'held' in settled.result) return { randomised: false };
  return { randomised: true, ...settled.result };
}
