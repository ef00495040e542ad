import { z } from '@hono/zod-openapi';
import { STUCK_KINDS } from '../../services/common/index.ts';

const instant = z.string();
const nullableText = z.string().nullable();

export const stuckCaseResponse = z.object({
  subject: z.string(),
  kind: z.enum(STUCK_KINDS),
  workflowId: nullableText,
  enrollmentId: nullableText,
  step: z.string(),
  code: nullableText,
  attempts: z.number().nullable(),
  since: instant,
  lastFailureAt: nullableText,
  nextRetryAt: nullableText,
  suggestion: z.string(),
});
export const stuckResponse = z.object({ count: z.number(), more: z.boolean(), items: z.array(stuckCaseResponse) });

const failure = z.object({ code: z.string(), why: z.string() });
const attention = z.object({
  step: z.string(), since: instant, code: z.string(), why: z.string(), actions: z.array(z.enum(['retry', 'skip', 'abort'])),
  firstFailedAt: instant, attempts: z.number(), nextRoundAt: nullableText,
});

export const runResponse = z.object({
  workflowId: z.string(), runId: z.string(), workflowType: z.string(), enrollmentId: nullableText,
  status: z.string(), stage: nullableText, outcome: nullableText,
  answers: z.boolean(),
  stuck: stuckCaseResponse.nullable(),
  awaiting: z.object({ what: z.string(), who: z.string(), until: nullableText }).nullable(),
  attention: z.array(attention),
  pendingActivities: z.array(z.object({ activityId: z.string(), activity: z.string(), state: z.string(), attempt: z.number(), nextAttemptAt: nullableText, lastFailure: failure.nullable() })),
  pendingTimers: z.array(z.object({ what: z.string(), until: instant, overdue: z.boolean() })),
  workflowTaskAttempt: z.number().nullable(),
  lastWorkflowTaskFailure: failure.nullable(),
  pausedBy: z.object({ who: z.string(), why: z.string(), at: nullableText }).nullable(),
  timeline: z.array(z.object({ eventId: z.number(), at: instant, what: z.string(), how: z.enum(['done', 'failed', 'waiting', 'note']) })),
  historyEvents: z.number(), historyBytes: z.number(),
  actions: z.array(z.object({ command: z.string(), does: z.string() })),
});

export const queueResponse = z.object({
  queue: z.string(), tasks: z.enum(['workflow', 'activity']), backlog: z.number(), backlogAgeMs: z.number(),
  pollers: z.array(z.object({ identity: z.string(), lastSeenAt: instant, version: nullableText })),
  state: z.enum(['ok', 'behind', 'no_poller']),
});

export const checkResponse = z.object({ check: z.string(), ok: z.boolean(), says: z.string(), todo: nullableText });
export const diagnosisResponse = z.object({ ok: z.boolean(), checks: z.array(checkResponse) });

const toRetry = z.object({ id: z.string(), step: nullableText, stage: nullableText });
export const bulkResponse = z.object({
  bulkId: nullableText,
  state: z.enum(['dry_run', 'running', 'done', 'stopped']),
  total: z.number(), done: z.number(), retried: z.number(),
  missed: z.array(z.object({ id: z.string(), code: z.string() })),
  /** Of a dry run: which. */
  items: z.array(toRetry).optional(),
});

export const resetResponse = z.object({
  id: z.string(), dryRun: z.boolean(), toEventId: z.number(), earliestEventId: z.number(),
  reRuns: z.array(z.object({ eventId: z.number(), at: instant, what: z.string(), how: z.enum(['done', 'failed', 'waiting', 'note']) })),
  /** Of the run that goes on. */
  runId: nullableText,
});

export const takenResponse = z.object({ id: z.string(), action: z.string(), step: nullableText });

export type StuckResponse = z.output<typeof stuckResponse>;
export type RunResponse = z.output<typeof runResponse>;
export type QueueResponse = z.output<typeof queueResponse>;
export type CheckResponse = z.output<typeof checkResponse>;
export type ToRetryResponse = z.output<typeof toRetry>;
export type BulkResponse = z.output<typeof bulkResponse>;
export type ResetResponse = z.output<typeof resetResponse>;
