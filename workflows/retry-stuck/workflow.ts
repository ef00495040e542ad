import { CancellationScope, proxyActivities, setCurrentDetails, setHandler, sleep } from '@temporalio/workflow';
import type { OperationsActivities, StudyActivities } from '../../activities/index.ts';
import { OPERATIONS_QUEUE } from '../watch-for-stuck/messages.ts';
import { bulkProgress, type BulkProgress, type RetryStuckInput } from './messages.ts';

/** So many are told to go on by one activity: what a killed worker repeats, without a second effect. */
const AT_ONCE = 20;
const MOST_MISSED = 200;

const operations = proxyActivities<OperationsActivities>({ taskQueue: OPERATIONS_QUEUE, startToCloseTimeout: '2 minutes', heartbeatTimeout: '10 seconds' });
const study = proxyActivities<StudyActivities>({ taskQueue: 'study', startToCloseTimeout: '10 seconds' });

/**
 * An operator's retry of many stuck runs, one portion after the other, not faster than asked. Each run is told once,
 * under a key of its own, however often a portion is repeated; what was told is in the audit trail. Cancelled, it ends
 * after the portion that is under way.
 */
export async function retryStuck({ bulkId, runs, rate, reason, actor, requestId }: RetryStuckInput): Promise<BulkProgress> {
  const progress: BulkProgress = { total: runs.length, done: 0, retried: 0, missed: [] };
  setHandler(bulkProgress, () => progress, { description: 'How far it has come' });
  const size = Math.max(1, Math.min(AT_ONCE, Math.floor(rate)));
  for (let from = 0; from < runs.length; from += size) {
    setCurrentDetails(`**Told to go on:** ${progress.retried} of ${progress.total}, **missed:** ${progress.missed.length}`);
    const portion = runs.slice(from, from + size);
    await CancellationScope.nonCancellable(async () => {
      const results = await operations.retryRuns.executeWithOptions({ summary: `Tell ${from + 1} to ${from + portion.length} of ${runs.length} to go on` }, [
        { bulkId, runs: portion, reason, actor, requestId },
      ]);
      const told = results.flatMap(({ id, code }) => (code === null ? [id] : []));
      const missed = results.flatMap(({ id, code }) => (code === null ? [] : [{ id, code }]));
      progress.done += results.length;
      progress.retried += told.length;
      progress.missed = [...progress.missed, ...missed].slice(0, MOST_MISSED);
      const ctx = { actor: { kind: 'user' as const, ...actor }, requestId, reason };
      await study.noteOperation.executeWithOptions({ summary: 'Note in the audit trail what was told' }, [
        { ctx, key: `bulk-retry/${bulkId}/${from}`, input: { action: 'retry', about: bulkId, details: { told } } },
      ]);
    });
    if (from + size < runs.length) await sleep(Math.ceil((portion.length / rate) * 1000), { summary: 'Not faster than asked' });
  }
  setCurrentDetails(`**Told to go on:** ${progress.retried} of ${progress.total}, **missed:** ${progress.missed.length}`);
  return progress;
}
