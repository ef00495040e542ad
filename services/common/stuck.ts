/**
 * The forms in which something can be stuck:
 * - `parked` a step has used up its attempts and waits for an operator;
 * - `next_round` a step past the pivot has failed and goes on in rounds by itself; `compensation_failing` the same of
 *   what is being undone;
 * - `activity_retrying` an attempt follows the other and none succeeds; `activity_paused` an operator holds it;
 * - `workflow_task_failing` the workflow code itself fails, and Temporal tries it for ever;
 * - `workflow_paused` the run is held as a whole;
 * - `timer_overdue` a deadline has passed, and nothing has come of it;
 * - `no_poller` tasks wait in a queue that nobody takes them from.
 */
export const STUCK_KINDS = [
  'parked', 'next_round', 'compensation_failing', 'activity_retrying', 'activity_paused', 'workflow_task_failing', 'workflow_paused', 'timer_overdue', 'no_poller',
] as const;
export type StuckKind = (typeof STUCK_KINDS)[number];

/** One case of it: ids and codes, nothing personal. Times are RFC 3339 UTC. */
export type StuckCase = {
  /** What is stuck, the same as long as it is: `{workflowType}/{id}` or `queue/{name}`. */
  subject: string;
  kind: StuckKind;
  /** Null of a queue. */
  workflowId: string | null;
  /** Null of what is about no enrollment. */
  enrollmentId: string | null;
  /** The step, activity or queue. */
  step: string;
  /** Of the last failure: a code of ours, or the failure's type. */
  code: string | null;
  /** Attempts so far, where that is known. */
  attempts: number | null;
  since: string;
  lastFailureAt: string | null;
  nextRetryAt: string | null;
  /** What an operator would do first. */
  suggestion: string;
};

/** Runs that one retry in bulk may take on. */
export const MOST_IN_BULK = 2000;
