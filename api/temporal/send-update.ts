import type { UpdateDefinition } from '@temporalio/common';
import { DomainError } from '../../services/common/index.ts';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import type { RunRef } from '../enrollment-gateway.ts';
import type { Engine } from './engine.ts';
import { fromTemporal, outcomeUnknown, runHasEnded, unanswered } from './errors.ts';

type Sending<R, M extends MessageEnvelope> = { run: RunRef; definition: UpdateDefinition<R, [M]>; message: M };

/** Sends an Update with the caller's key and waits for its result; throws what Temporal's client throws. */
export function sendUpdate<R, M extends MessageEnvelope>({ client, waits, within }: Engine, { run, definition, message }: Sending<R, M>): Promise<R> {
  const handle = client.workflow.getHandle(workflowIdOf(run));
  return within(waits.answerMs, () =>
    handle.executeUpdate(definition, { args: [message], updateId: `${message.key}/${message.contentHash}` }),
  );
}

/** The same for a message that only a running enrollment takes, with the API's errors. */
export async function sendToRunning<R, M extends MessageEnvelope>(engine: Engine, sending: Sending<R, M>): Promise<R> {
  try {
    return await sendUpdate(engine, sending);
  } catch (error) {
    if (runHasEnded(error)) {
      throw new DomainError('conflict', 'enrollment_closed', 'The enrollment has its outcome already.');
    }
    throw unanswered(error) ? outcomeUnknown() : fromTemporal(error);
  }
}
