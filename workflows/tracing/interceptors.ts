import { type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';
import { spanOf, withSpan } from './span-ref.ts';
import { TracedRun } from './traced-run.ts';

/**
 * Hands on the trace that a run, a Signal or an Update comes from, to the activities and whatever else it begins. It
 * adds headers and tells of spans, and changes no command: histories of before it replay, and those with it elsewhere.
 */
export function interceptors(): WorkflowInterceptors {
  const run = new TracedRun();
  return {
    inbound: [
      {
        execute: (input, next) => {
          const [{ requestId } = {}] = input.args as { requestId?: unknown }[];
          if (typeof requestId === 'string') run.requestId = requestId;
          run.begin(spanOf(input.headers));
          return next(input);
        },
        handleUpdate: (input, next) => {
          run.message('HandleUpdate', input.name, spanOf(input.headers));
          return next(input);
        },
        handleSignal: (input, next) => {
          run.message('HandleSignal', input.signalName, spanOf(input.headers));
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => run.leaving((span) => next({ ...input, headers: withSpan(input.headers, span) })),
        continueAsNew: (input, next) => next({ ...input, headers: withSpan(input.headers, run.current) }),
        getLogAttributes: (input, next) => next({ ...input, ...fieldsOf(run) }),
      },
    ],
  };
}

/** What each line that workflow code logs says of where it belongs. */
function fieldsOf({ current, requestId }: TracedRun): Record<string, unknown> {
  const { workflowId } = workflowInfo();
  return {
    workflow_id: workflowId,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(current ? { trace_id: current.traceId, span_id: current.spanId } : {}),
  };
}
