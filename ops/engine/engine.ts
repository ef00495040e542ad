import type { Client } from '@temporalio/client';
import { within } from '../../services/common/index.ts';

/** What operators' work stands on: Temporal, and nothing else. Every call is bounded in time. */
export type OpsEngine = { client: Client; namespace: string; clock: () => Date };

/** The workflows whose runs are looked at, and by which an operator's work is told from others'. */
export const WORKFLOW_TYPES = ['consentToEnrollment', 'withdrawParticipant', 'reportCodeBreak', 'reportIncident', 'retryStuck'] as const;

/** Open, held ones included. */
export const OPEN = `ExecutionStatus IN ("Running", "Paused") AND WorkflowType IN (${WORKFLOW_TYPES.map((type) => `"${type}"`).join(', ')})`;

const CALL_MS = 5000;

/** One call to Temporal. Throws `EngineLateError` beyond its time. */
export function called<T>({ client }: Pick<OpsEngine, 'client'>, call: () => Promise<T>, ms = CALL_MS): Promise<T> {
  return within(ms + 100, client.withDeadline(Date.now() + ms, call), () => new EngineLateError('no answer in time'));
}

/** Temporal, or the run that was asked, has not answered in time. */
export class EngineLateError extends Error {
  override readonly name = 'EngineLateError';
}

type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

/** Of Temporal's wire format, as RFC 3339 UTC; null when absent. */
export function instantOf(at: Timestamp): string | null {
  const seconds = Number(at?.seconds ?? 0);
  return seconds > 0 ? new Date(seconds * 1000 + (at?.nanos ?? 0) / 1e6).toISOString() : null;
}

/** Milliseconds of a duration in Temporal's wire format. */
export const millisOf = (duration: Timestamp): number => Number(duration?.seconds ?? 0) * 1000 + (duration?.nanos ?? 0) / 1e6;

/** At most `atOnce` at a time, results in order. */
export async function mapBounded<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return results;
}
