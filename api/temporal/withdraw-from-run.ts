import { withdraw, withdrawSignal, workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { EnrollmentView, Withdrawal } from '../../workflows/consent-to-enrollment/types.ts';
import type { RunRef, Withdrawn } from '../enrollment-gateway.ts';
import type { Engine } from './engine.ts';
import { engineUnavailable, fromTemporal, keyReused, outcomeUnknown, runHasEnded, takesNoMoreUpdates, unanswered } from './errors.ts';
import { findRun, viewRun } from './find-run.ts';
import { firstAnswer, sendUpdate } from './send-update.ts';

/** Withdraws from a running enrollment: by Update, and by a Signal with the same key when no worker answers or the server takes no more Updates. */
export async function withdrawFromRun(engine: Engine, run: RunRef, withdrawal: Withdrawal): Promise<Withdrawn> {
  const { client, waits, within } = engine;
  try {
    return { kind: 'applied', view: await sendUpdate(engine, { run, definition: withdraw, message: withdrawal }) };
  } catch (error) {
    if (runHasEnded(error)) return ofEndedRun(engine, run, withdrawal);
    if (!unanswered(error) && !takesNoMoreUpdates(error)) throw fromTemporal(error);
  }
  // A withdrawal may not depend on a worker being up: the Signal is durable without one and has the same key.
  try {
    const handle = client.workflow.getHandle(workflowIdOf(run));
    await within(waits.answerMs, () => handle.signal(withdrawSignal, withdrawal));
    return { kind: 'accepted' };
  } catch (error) {
    if (runHasEnded(error)) return ofEndedRun(engine, run, withdrawal);
    throw unanswered(error) ? engineUnavailable() : fromTemporal(error);
  }
}

/** The run may have taken this very withdrawal before it ended, also by a Signal, which nobody saw answered. */
async function ofEndedRun(engine: Engine, run: RunRef, withdrawal: Withdrawal): Promise<Withdrawn> {
  const ended = await findRun(engine, run.enrollmentId);
  if (!ended) return { kind: 'ended' };
  const first = await firstAnswer<EnrollmentView>(engine, { ended, message: withdrawal });
  if (first) return { kind: 'applied', view: first.answer };
  const seen = await viewRun(engine, ended);
  // A refusal is for good: what the run took can't be looked at without a worker, and it may have been this one.
  if (seen.kind === 'unavailable' && (await tookSignal(engine, ended))) throw outcomeUnknown();
  if (seen.kind !== 'live' || seen.view.withdrawnBy?.key !== withdrawal.key) return { kind: 'ended' };
  if (seen.view.withdrawnBy.contentHash !== withdrawal.contentHash) throw keyReused();
  return { kind: 'applied', view: seen.view };
}

/** Whether that run was ever sent a withdrawal by Signal; its history needs no worker to tell. */
async function tookSignal({ client, waits, within }: Engine, run: RunRef & { runId: string }): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowIdOf(run), run.runId);
  try {
    const { events } = await within(waits.answerMs, () => handle.fetchHistory());
    return events?.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === withdrawSignal.name) ?? false;
  } catch (error) {
    throw fromTemporal(error);
  }
}
