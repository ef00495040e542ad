import type { LocatedRun, OperationsGateway } from '../../api/operations-gateway.ts';

const RUN: LocatedRun = { workflowId: 'enrollment/OBS-1/p', runId: 'r', workflowType: 'consentToEnrollment', enrollmentId: null, stuckStep: 'casebook', stage: 'casebook', status: 'RUNNING' };

/** The workflow engine as operators see it, in few words: what it really does is held by test/runbook. */
export function fakeOperations(): OperationsGateway {
  const located = (id: string): LocatedRun => ({ ...RUN, enrollmentId: id });
  return {
    listStuck: async () => ({ count: 0, more: false, items: [] }),
    locate: async (id) => located(id),
    show: async (id) => ({
      ...RUN, enrollmentId: id, outcome: null, answers: true, stuck: null, awaiting: null, attention: [], pendingActivities: [], pendingTimers: [],
      workflowTaskAttempt: null, lastWorkflowTaskFailure: null, pausedBy: null, timeline: [], historyEvents: 1, historyBytes: 1, actions: [],
    }),
    queues: async () => [],
    diagnose: async () => [],
    retry: async () => undefined,
    findToRetry: async () => [located('e')],
    startBulk: async () => undefined,
    bulkState: async (bulkId) => ({ bulkId, state: 'running', total: 1, done: 0, retried: 0, missed: [] }),
    stopBulk: async () => undefined,
    controlActivity: async (_run, { activity }) => ({ activityId: '6', activity }),
    resetPlan: async () => ({ toEventId: 11, earliestEventId: 11, reRuns: [] }),
    reset: async () => 'r2',
    unpause: async () => undefined,
  };
}
