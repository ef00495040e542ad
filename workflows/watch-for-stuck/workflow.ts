import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { NotificationActivities, OperationsActivities } from '../../activities/index.ts';
import { OPERATIONS_QUEUE, type WatchInput, type WatchResult } from './messages.ts';

// One look after the other is on its way: what fails now is found by the next.
const operations = proxyActivities<OperationsActivities>({ taskQueue: OPERATIONS_QUEUE, startToCloseTimeout: '45 seconds', retry: { maximumAttempts: 2 } });
const notification = proxyActivities<NotificationActivities>({
  taskQueue: 'notification', startToCloseTimeout: '10 seconds', scheduleToCloseTimeout: '2 minutes',
});

/**
 * One look for whatever is stuck, begun by a schedule. Operators are told of a case when it is found, once more when it
 * lasts, and when it is over. While Notification is away nothing is lost: what was not noted is found again.
 */
export async function watchForStuck(escalateAfterMs: WatchInput): Promise<WatchResult> {
  const { lastResult, workflowId } = workflowInfo();
  const cursor = typeof lastResult === 'string' && lastResult !== '' ? lastResult : null;
  const ctx = { actor: { kind: 'service' as const, service: 'operations' }, requestId: workflowId };
  const { cases: known } = await notification.openStuckCases.executeWithOptions({ summary: 'What operators know of already' }, [{ ctx, key: '', input: {} }]);
  const found = await operations.findStuck.executeWithOptions({ summary: 'Look for what is stuck' }, [{ known, cursor }]);
  await notification.reportStuck.executeWithOptions({ summary: `Tell operators: ${found.cases.length} new, ${found.solved.length} over` }, [
    { ctx, key: `stuck-watch/${workflowId}`, input: { opened: found.cases, solved: found.solved, escalateAfterMs: Number(escalateAfterMs) } },
  ]);
  return found.cursor ?? '';
}
