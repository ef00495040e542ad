/** The queue of what operators need: the watch for stuck enrollments, retries in bulk. Apart, so that it works when others don't. */
export const OPERATIONS_QUEUE = 'operations';
export const WATCH_WORKFLOW_TYPE = 'watchForStuck';
/** Of the Temporal Schedule; its runs have an id of their own each. */
export const WATCH_SCHEDULE_ID = 'stuck-watch';

/**
 * Milliseconds in words, and where the next look goes on: texts, which are not sealed. A schedule gives both from one
 * run to another, and what is sealed opens only in the run that it was sealed for.
 */
export type WatchInput = string;
export type WatchResult = string;
