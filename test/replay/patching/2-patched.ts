import { condition, defineSignal, patched, proxyActivities, setHandler } from '@temporalio/workflow';

export type VisitActivities = Record<'invite' | 'orderTaxi' | 'book', () => Promise<void>>;
const activities = proxyActivities<VisitActivities>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });
export const confirmed = defineSignal('confirmed');

/** New runs order a taxi with the invitation. One that is past the invitation already goes on in the old way. */
export async function visit(): Promise<string> {
  let isConfirmed = false;
  setHandler(confirmed, () => {
    isConfirmed = true;
  });
  await activities.invite();
  if (patched('taxi-with-the-invitation')) await activities.orderTaxi();
  if (!(await condition(() => isConfirmed, '30d'))) return 'not confirmed';
  await activities.book();
  return 'booked';
}
