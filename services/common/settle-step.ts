import { type Ledger, type ServiceDatabase, type Settled, settleCommand } from '../../db/index.ts';
import type { Call } from './context.ts';

/**
 * The verb `settleStep` of a service: what became of a step that was cut short, by its key under the key's lock. Its
 * result when it took effect; otherwise it never does, an attempt that arrives later is refused (`command_cancelled`).
 * Asking again gives the same answer.
 */
export function settleStepIn(ledger: Ledger) {
  return ({ db }: { db: ServiceDatabase }, { ctx, input }: Call<{ stepKey: string }>): Promise<Settled<unknown>> =>
    settleCommand({ db, ledger, verb: 'settleStep', key: input.stepKey, ctx });
}
