import type { WorkflowClientInterceptor } from '@temporalio/client';

/** Messages without spans and headers. */
export const tracedClient: WorkflowClientInterceptor = {};
