import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

export type VisitActivities = Record<'invite' | 'orderTaxi' | 'book', () => Promise<void>>;
const activities = proxyActivities<VisitActivities>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });
export const confirmed = defineSignal('confirmed');

/** No open run has the marker of `patched()` any more: nothing tells of the change. */
export async function visit(): Promise<string> {
  let isConfirmed = false;
  setHandler(confirmed, () => {
    isConfirmed = true;
  });
  await activities.invite();
  await activities.orderTaxi();
  if (!(await condition(() => isConfirmed, '30d'))) return 'not confirmed';
  await activities.book();
  return 'booked';
}
