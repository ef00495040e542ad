import { settleCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { ConfirmedSlot, SlotIsConfirmed } from './confirm-slot.ts';
import type { SiteDeps } from './deps.ts';
import { ledger } from './ledger.ts';

/**
 * Says on which side of the pivot a lost answer left us. Either the place is confirmed, with what `confirmSlot`
 * answered; or it isn't, and the attempt under `stepKey` never takes effect any more (`command_cancelled`).
 */
export async function settleSlotConfirmation(
  deps: SiteDeps,
  { ctx, input }: Call<{ stepKey: string }>,
): Promise<SlotIsConfirmed | { confirmed: false }> {
  const { db } = deps;
  const settled = await settleCommand<ConfirmedSlot>({
    db,
    ledger,
    verb: 'settleSlotConfirmation',
    key: input.stepKey,
    ctx,
  });
  return settled.tookEffect && settled.result.confirmed ? settled.result : { confirmed: false };
}
