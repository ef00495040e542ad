import type { WorkflowDefinitionOptions } from '@temporalio/common';
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { consentToEnrollment } from './consent-to-enrollment/workflow.ts';
import { reportCodeBreak } from './report-code-break/workflow.ts';
import { reportIncident } from './report-incident/workflow.ts';
import { withdrawParticipant } from './withdraw-participant/workflow.ts';

// Months go by while it is open: it moves to the version that is current, and changes only under `patched()`.
setWorkflowOptions(onVersions('AUTO_UPGRADE'), consentToEnrollment);
// Over within minutes: they end on the version that they began on.
setWorkflowOptions(onVersions('PINNED'), reportCodeBreak);
setWorkflowOptions(onVersions('PINNED'), reportIncident);
setWorkflowOptions(onVersions('PINNED'), withdrawParticipant);

/** The server refuses a behaviour that an unversioned worker names; such a worker's deployment has no name. */
function onVersions(versioningBehavior: 'AUTO_UPGRADE' | 'PINNED'): () => WorkflowDefinitionOptions {
  return () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior } : {});
}

/** All workflows of the task queue `enrollment`: the entry of the bundle. */
export { consentToEnrollment, reportCodeBreak, reportIncident, withdrawParticipant };
export { retryStuck } from './retry-stuck/workflow.ts';
export { watchForStuck } from './watch-for-stuck/workflow.ts';
