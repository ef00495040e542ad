import type { DataConverter } from '@temporalio/common';
import { IllegalStateError, type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import {
  edcActivities,
  notificationActivities,
  type OnUnexpected,
  operationsActivities,
  type OperationsPort,
  patientActivities,
  siteActivities,
  studyActivities,
} from '../activities/index.ts';
import { TASK_QUEUE } from '../workflows/consent-to-enrollment/messages.ts';
import { OPERATIONS_QUEUE } from '../workflows/watch-for-stuck/messages.ts';
import type { Logger } from 'pino';
import type { ServiceName } from '../db/provision.ts';
import type { Version } from './deployment/version.ts';
import type { Services } from './services.ts';
import { tracedActivities } from './telemetry/activity-interceptor.ts';
import type { Telemetry } from './telemetry/start-telemetry.ts';
import { workflowSpans } from './telemetry/workflow-spans.ts';

/** The queues that have a worker: one for workflows, one for each service. */
export const QUEUES = [TASK_QUEUE, 'patient', 'study', 'site', 'edc', 'notification'] as const;
export type QueueName = (typeof QUEUES)[number];

export type WorkersOptions = {
  connection: NativeConnection;
  namespace: string;
  dataConverter: DataConverter;
  /** Those whose queues have a worker here. */
  services: Partial<Services>;
  workflowBundlePath: string;
  onUnexpected: OnUnexpected;
  /** Running activities may finish for so long when the process ends. */
  shutdownGraceMs?: number;
  /** Only these queues; all when absent. */
  queues?: readonly QueueName[];
  interceptors?: WorkerOptions['interceptors'];
  /** Where workflows say what happens. */
  sinks?: WorkerOptions['sinks'];
  log: Logger;
  /** Where spans of this process go; they are not recorded without it. */
  telemetry?: Telemetry | undefined;
  /** Of the workflow code, see `deployment/`. Absent: the worker is unversioned. */
  version?: Version;
  /** What operators' processes ask of Temporal; their queue has a worker here where it is given. */
  operations?: OperationsPort | undefined;
};

export type RunningWorkers = {
  /** Rejects when a worker fails; resolves after `stop`. */
  readonly finished: Promise<void>;
  stop(): Promise<void>;
};

/** Starts the workers of this process: one for workflows, one for the activities of each service. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { services, onUnexpected, dataConverter, queues = QUEUES } = options;
  const common = {
    connection: options.connection,
    namespace: options.namespace,
    shutdownGraceTime: options.shutdownGraceMs ?? 4000,
    shutdownForceTime: (options.shutdownGraceMs ?? 4000) + 2000,
    interceptors: { ...options.interceptors, activity: [tracedActivities(options.log), ...(options.interceptors?.activity ?? [])] },
    sinks: { ...workflowSpans(options.telemetry), ...options.sinks },
  };
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      taskQueue === TASK_QUEUE
        ? // Beyond this many open runs the least recent leave the cache, and are replayed when something happens to them.
          Worker.create({ ...common, dataConverter, taskQueue, workflowBundle: { codePath: options.workflowBundlePath }, maxCachedWorkflows: 250, ...versioned(options.version) })
        : Worker.create({ ...common, dataConverter, taskQueue, activities: activitiesOf(taskQueue, services, onUnexpected), maxConcurrentActivityTaskExecutions: 40 }),
    ),
  );
  if (options.operations) {
    const activities = operationsActivities(options.operations, onUnexpected);
    workers.push(await Worker.create({ ...common, dataConverter, taskQueue: OPERATIONS_QUEUE, activities, workflowBundle: { codePath: options.workflowBundlePath }, maxCachedWorkflows: 10, maxConcurrentActivityTaskExecutions: 4 }));
  }
  const finished = Promise.all(workers.map(untilStopped)).then(() => undefined);
  return {
    finished,
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
    },
  };
}

/** Workflows alone: activities are the services', and those of before go on serving the workflows of now. */
function versioned(version: Version | undefined): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  return version ? { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' } } : {};
}

function activitiesOf(queue: ServiceName, services: Partial<Services>, onUnexpected: OnUnexpected): object {
  switch (queue) {
    case 'patient':
      return patientActivities(hosted(services.patient), onUnexpected);
    case 'study':
      return studyActivities(hosted(services.study), onUnexpected);
    case 'site':
      return siteActivities(hosted(services.site), onUnexpected);
    case 'edc':
      return edcActivities(hosted(services.edc), onUnexpected);
    case 'notification':
      return notificationActivities(hosted(services.notification), onUnexpected);
  }
}

function hosted<S>(service: S | undefined): S {
  if (!service) throw new Error('a queue has its worker where its service runs');
  return service;
}

/** Runs a worker until it has stopped; rejects when it fails. */
async function untilStopped(worker: Worker): Promise<void> {
  try {
    await worker.run();
  } catch (error) {
    // "Worker still in use": on a busy machine the SDK (1.24) sees the last native reference a moment too long.
    // The worker has drained and let go of its connection by then; one that failed is FAILED, not STOPPED.
    if (!(error instanceof IllegalStateError) || worker.getState() !== 'STOPPED') throw error;
  }
}
