import type { WorkflowClientInterceptor } from '@temporalio/client';
import { inSpan, SpanKind } from '../../services/common/index.ts';
import { withTrace } from './temporal-headers.ts';

/** A span for each message to a workflow, named as Temporal's own interceptors name them, and the trace in its headers. */
export const tracedClient: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => sent(`StartWorkflow:${input.workflowType}`, input.options.workflowId, () => next({ ...input, headers: withTrace(input.headers) })),
  startUpdateWithStart: (input, next) =>
    sent(`StartUpdateWithStartWorkflow:${input.updateName}`, input.workflowStartOptions.workflowId, () =>
      next({ ...input, workflowStartHeaders: withTrace(input.workflowStartHeaders), updateHeaders: withTrace(input.updateHeaders) }),
    ),
  startUpdate: (input, next) => sent(`StartWorkflowUpdate:${input.updateName}`, input.workflowExecution.workflowId, () => next({ ...input, headers: withTrace(input.headers) })),
  signal: (input, next) => sent(`SignalWorkflow:${input.signalName}`, input.workflowExecution.workflowId, () => next({ ...input, headers: withTrace(input.headers) })),
  signalWithStart: (input, next) => sent(`SignalWithStartWorkflow:${input.signalName}`, input.options.workflowId, () => next({ ...input, headers: withTrace(input.headers) })),
  query: (input, next) => sent(`QueryWorkflow:${input.queryType}`, input.workflowExecution.workflowId, () => next({ ...input, headers: withTrace(input.headers) })),
};

function sent<T>(name: string, workflowId: string | null | undefined, send: () => Promise<T>): Promise<T> {
  return inSpan(name, { kind: SpanKind.CLIENT, attributes: { 'temporal.workflow.id': workflowId ?? '' } }, send);
}
