import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type {
  EdcActivities,
  NotificationActivities,
  PatientActivities,
  SiteActivities,
  StudyActivities,
} from '../activities/index.ts';
import { boundedRetries } from './retry-policies.ts';
import type { TimingProfile } from './timing.ts';

/** The activities of every service, each on the task queue of the service that owns it. */
export function serviceActivities(timing: TimingProfile) {
  const options = (taskQueue: string): ActivityOptions => ({ taskQueue, ...boundedRetries(timing) });
  return {
    patient: proxyActivities<PatientActivities>(options('patient')),
    study: proxyActivities<StudyActivities>(options('study')),
    site: proxyActivities<SiteActivities>(options('site')),
    edc: proxyActivities<EdcActivities>(options('edc')),
    notification: proxyActivities<NotificationActivities>(options('notification')),
  };
}

export type ServiceActivities = ReturnType<typeof serviceActivities>;
