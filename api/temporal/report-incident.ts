import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import type { Incident } from '../../services/common/index.ts';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import { INCIDENT_WORKFLOW_TYPE, incidentWorkflowIdOf, type ReportIncidentInput } from '../../workflows/report-incident/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { Engine } from './engine.ts';
import { fromTemporal } from './errors.ts';

/** Starts the report of an incident, once; one that an operator has ended in Temporal may be started again. */
export async function reportIncident({ client, timing, publicUrl, waits, within }: Engine, incident: Incident): Promise<void> {
  const start = () =>
    client.workflow.start<(input: ReportIncidentInput) => Promise<unknown>>(INCIDENT_WORKFLOW_TYPE, {
      workflowId: incidentWorkflowIdOf(incident.incidentId),
      taskQueue: TASK_QUEUE,
      args: [{ ...incident, timing }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      typedSearchAttributes: [{ key: searchAttributes.needsAttention, value: false }],
      staticSummary: `Report of an incident: ${incident.kind}`,
      // Whom it is about is not for everybody who reads the list.
      staticDetails: `[Audit trail](${publicUrl}/api/v1/audit/${incident.kind === 'break_glass' ? 'patient' : 'study'}?from=${encodeURIComponent(incident.at)})`,
    });
  try {
    await within(waits.answerMs, start);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return;
    throw fromTemporal(error);
  }
}
