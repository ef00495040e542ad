import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { OpsEngine } from './engine.ts';

/** Code and public text of a failure; the text of whatever is not ours stays out, it might say anything. */
export type ShownFailure = { code: string; why: string };

type Failure = Parameters<typeof decodeOptionalFailureToOptionalError>[1];

/** Types of failures that say nothing of ours. */
const NOT_OURS = new Set(['', 'Error', 'TypeError', 'RangeError', 'ReferenceError']);
const KNOWN: Record<string, string> = {
  DeterminismViolationError: 'The workflow code comes to other steps than the history holds (non-determinism): the code was changed without patched().',
};

/** What a failure of Temporal's wire format says; null without one. */
export async function failureOf({ client }: Pick<OpsEngine, 'client'>, failure: Failure): Promise<ShownFailure | null> {
  if (!failure) return null;
  const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure).catch(() => undefined);
  const type = failure.applicationFailureInfo?.type ?? '';
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return { code: 'timed_out', why: 'The service did not answer in time.' };
  if (KNOWN[type]) return { code: type, why: KNOWN[type] };
  if (NOT_OURS.has(type) || !(cause instanceof ApplicationFailure)) return { code: type || 'internal', why: 'An unexpected error; its cause is in the log of the worker.' };
  return { code: type, why: cause.message };
}
