import { type Settled, settleCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';

/**
 * What became of a step that was cut short, by its key under the key's lock: its result when it took effect; otherwise
 * it never does, an attempt that arrives later is refused (`command_cancelled`). Asking again gives the same answer.
 */
export async function settleStep({ db }: PatientDeps, { ctx, input }: Call<{ stepKey: string }>): Promise<Settled<unknown>> {
  return settleCommand({ db, ledger, verb: 'settleStep', key: input.stepKey, ctx });
}
