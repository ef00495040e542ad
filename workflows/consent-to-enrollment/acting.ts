import { workflowInfo } from '@temporalio/workflow';
import type { Enrollment } from './state.ts';
import type { AskedBy, WorkflowCtx } from './types.ts';

/** Who the run acts for: whoever has interrupted it and why, otherwise whoever started it. */
export function actingFor({ interruption, input }: Enrollment): WorkflowCtx {
  switch (interruption?.kind) {
    case 'withdrawal':
      return actingOnBehalfOf(interruption.withdrawal, interruption.withdrawal.reason ?? 'withdrawal');
    case 'abort':
      return actingOnBehalfOf(interruption, interruption.reason);
    case 'expiry':
      return actingOnBehalfOf(starter(input), interruption.reason);
    default:
      return actingOnBehalfOf(starter(input));
  }
}

/** What follows from the start by itself is no command of its own: the start's assertion is for the consent alone. */
const starter = ({ actor, requestId, origin }: AskedBy): AskedBy => askedBy({ actor, requestId, ...(origin === undefined ? {} : { origin }) });

/** Whose command a message is, without the rest of it. */
export function askedBy({ actor, requestId, origin, assertion }: AskedBy): AskedBy {
  return { actor, requestId, ...(origin === undefined ? {} : { origin }), ...(assertion === undefined ? {} : { assertion }) };
}

/** For what a person has asked for by a message. */
export function actingOnBehalfOf(by: AskedBy, reason?: string): WorkflowCtx {
  const { id, name, role } = by.actor;
  return {
    actor: { kind: 'workflow', workflow: workflowInfo().workflowId, onBehalfOf: { id, name, role } },
    requestId: by.requestId,
    ...(by.origin === undefined ? {} : { origin: by.origin }),
    ...(by.assertion === undefined ? {} : { assertion: by.assertion }),
    ...(reason === undefined ? {} : { reason }),
  };
}
