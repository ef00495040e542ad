import { condition, defineSignal, deprecatePatch, proxyActivities, setHandler } from '@temporalio/workflow';

export type VisitActivities = Record<'invite' | 'orderTaxi' | 'book', () => Promise<void>>;
const activities = proxyActivities<VisitActivities>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });
export const confirmed = defineSignal('confirmed');

/** Every open run has ordered its taxi: the old way is gone. The marker of those that were patched is still expected. */
export async function visit(): Promise<string> {
  let isConfirmed = false;
  setHandler(confirmed, () => {
    isConfirmed = true;
  });
  await activities.invite();
  deprecatePatch('taxi-with-the-invitation');
  await activities.orderTaxi();
  if (!(await condition(() => isConfirmed, '30d'))) return 'not confirmed';
  await activities.book();
  return 'booked';
}
