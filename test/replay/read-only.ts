import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/** All that replaying from a server asks of it; none of these changes anything. */
const READS = ['GetSystemInfo', 'ListWorkflowExecutions', 'GetWorkflowExecutionHistory'];
const CALL_MS = 30_000;

/** Lets only calls through that read, each within half a minute; any other one is refused before it leaves. */
export const readOnly: Interceptor = (options, nextCall) => {
  const method = options.method_definition.path.split('/').at(-1) ?? '';
  if (!READS.includes(method)) throw new Error(`replaying does not call ${method}`);
  return nextCall({ ...options, deadline: options.deadline ?? Date.now() + CALL_MS }) as ReturnType<Interceptor>;
};
