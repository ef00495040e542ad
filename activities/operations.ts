import { Context } from '@temporalio/activity';
import { isTypedError, type StuckCase, type User } from '../services/common/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

type ToRetry = { workflowId: string; runId: string; workflowType: string; enrollmentId: string | null };
type RetryRuns = { bulkId: string; runs: ToRetry[]; reason: string; actor: User; requestId: string };

/** What operators' processes ask of Temporal itself. */
export type OperationsPort = {
  findStuck(input: { known: { subject: string; workflowId: string | null }[]; cursor: string | null }): Promise<{ cases: StuckCase[]; solved: string[]; cursor: string | null }>;
  /** Tells one run to go on; throws typed errors. */
  retryRun(run: ToRetry, word: { actor: User; reason: string; requestId: string; key: string }): Promise<void>;
};

/** Updates under way at once. */
const AT_ONCE = 4;

/** The activities of the queue `operations`. */
export function operationsActivities(port: OperationsPort, onUnexpected: OnUnexpected) {
  const findStuck = (input: Parameters<OperationsPort['findStuck']>[0]) => port.findStuck(input);

  /** Whatever comes of one holds up no others: it stays stuck, and is found again. */
  const codeOf = (error: unknown): string => {
    if (isTypedError(error)) return error.code;
    onUnexpected('retryRuns', error);
    return 'internal';
  };

  /** One after the other in a few lanes; a repetition tells nobody twice: each run has one key in a bulk. */
  const retryRuns = async ({ bulkId, runs, ...by }: RetryRuns): Promise<{ id: string; code: string | null }[]> => {
    const results: { id: string; code: string | null }[] = [];
    const left = [...runs];
    const lane = async () => {
      for (let run = left.shift(); run; run = left.shift()) {
        const id = run.enrollmentId ?? run.workflowId;
        const key = `bulk-retry/${bulkId}/${run.runId}`;
        const code = await port.retryRun(run, { ...by, key }).then(() => null, codeOf);
        results.push({ id, code });
        Context.current().heartbeat(results.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return results;
  };
  return asActivities({ findStuck, retryRuns }, onUnexpected);
}

export type OperationsActivities = ReturnType<typeof operationsActivities>;
