import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;
type Start = Parameters<Call['start']>;
type Status = Parameters<NonNullable<NonNullable<Start[1]>['onReceiveStatus']>>[0];

const LIST = '/temporal.api.workflowservice.v1.WorkflowService/ListWorkflowExecutions';

/**
 * The time-skipping server has no lists: here each is empty, as on a server that has not indexed anything yet. What
 * the API looks for in a list (a run that nothing is recorded of, the first answer of one that has ended) isn't found.
 */
export const emptyLists: Interceptor = (options, nextCall) => {
  if (options.method_definition.path !== LIST) return nextCall(options) as Call;
  let listener: Start[1];
  let metadata: Start[0];
  const nothing = () => undefined;
  const call = {
    start: (...[sent, to]: Start) => {
      [metadata, listener] = [sent.clone(), to];
    },
    halfClose: () => {
      listener?.onReceiveMetadata?.(metadata);
      // No bytes: a response without a field.
      listener?.onReceiveMessage?.(Buffer.alloc(0));
      // Zero is OK, in gRPC.
      const ended: unknown = { code: 0, details: '', metadata };
      listener?.onReceiveStatus?.(ended as Status);
    },
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    cancelWithStatus: nothing,
    getPeer: () => 'no-lists',
    getAuthContext: () => null,
  };
  return call as unknown as Call;
};
