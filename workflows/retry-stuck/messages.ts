import { defineQuery } from '@temporalio/workflow';
import type { AskedBy } from '../consent-to-enrollment/types.ts';

export const BULK_WORKFLOW_TYPE = 'retryStuck';

export function bulkWorkflowIdOf(bulkId: string): string {
  return `bulk-retry/${bulkId}`;
}

/** A run that is to go on. */
export type ToRetry = { workflowId: string; runId: string; workflowType: string; enrollmentId: string | null };

export type RetryStuckInput = {
  bulkId: string;
  runs: ToRetry[];
  /** So many a second, at most. */
  rate: number;
  reason: string;
} & Pick<AskedBy, 'actor' | 'requestId'>;

/** `missed`: what could not be told to go on, with the code of why; at most 200 of them. */
export type BulkProgress = { total: number; done: number; retried: number; missed: { id: string; code: string }[] };

export const bulkProgress = defineQuery<BulkProgress>('bulkProgress');
