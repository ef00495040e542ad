import { WorkflowNotFoundError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import type { RunRef } from '../enrollment-gateway.ts';
import type { Engine } from './engine.ts';
import { enrollmentClosed } from '../enrollments/closed.ts';
import { fromTemporal, outcomeUnknown, runHasEnded, unanswered } from './errors.ts';
import { findRun } from './find-run.ts';

type Sending<R, M extends MessageEnvelope> = { run: RunRef; definition: UpdateDefinition<R, [M]>; message: M };

/** A repetition of the same message has the same id: the server gives it the first answer without calling the run. */
const updateIdOf = ({ key, contentHash }: MessageEnvelope) => `${key}/${contentHash}`;

/** Sends an Update with the caller's key and waits for its result; throws what Temporal's client throws. */
export function sendUpdate<R, M extends MessageEnvelope>({ client, waits, within }: Engine, { run, definition, message }: Sending<R, M>): Promise<R> {
  const handle = client.workflow.getHandle(workflowIdOf(run));
  return within(waits.answerMs, () => handle.executeUpdate(definition, { args: [message], updateId: updateIdOf(message) }));
}

/** The same for a message that only a running enrollment takes, with the API's errors. */
export async function sendToRunning<R, M extends MessageEnvelope>(engine: Engine, sending: Sending<R, M>): Promise<R> {
  try {
    return await sendUpdate(engine, sending);
  } catch (error) {
    if (!runHasEnded(error)) throw unanswered(error) ? outcomeUnknown() : fromTemporal(error);
  }
  const ended = await findRun(engine, sending.run.enrollmentId);
  const first = ended && (await firstAnswer<R>(engine, { ended, message: sending.message }));
  if (!first) throw enrollmentClosed();
  return first.answer;
}

/**
 * What a run that has ended answered to this very message; null when it never took it. Messages go by workflow id,
 * which reaches the person's newest run. A refusal is thrown again.
 */
export async function firstAnswer<R>(
  { client, waits, within }: Engine,
  { ended, message }: { ended: RunRef & { runId: string }; message: MessageEnvelope },
): Promise<{ answer: R } | null> {
  const handle = client.workflow.getHandle(workflowIdOf(ended), ended.runId).getUpdateHandle<R>(updateIdOf(message));
  try {
    return { answer: await within(waits.answerMs, () => handle.result()) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw unanswered(error) ? outcomeUnknown() : fromTemporal(error);
  }
}
