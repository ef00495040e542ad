import type { NotificationActivities } from '../../activities/index.ts';
import type { TimingProfile } from '../timing.ts';

export const INCIDENT_WORKFLOW_TYPE = 'reportIncident';

export function incidentWorkflowIdOf(incidentId: string): string {
  return `incident/${incidentId}`;
}

/** What is told: ids and codes, no name and no reason. */
export type ReportIncidentInput = Parameters<NotificationActivities['sendIncident']>[0]['input'] & { timing: TimingProfile };
