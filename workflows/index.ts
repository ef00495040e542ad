/** All workflows of the task queue `enrollment`: the entry of the bundle. */
export { consentToEnrollment } from './consent-to-enrollment/workflow.ts';
export { reportCodeBreak } from './report-code-break/workflow.ts';
export { reportIncident } from './report-incident/workflow.ts';
export { withdrawParticipant } from './withdraw-participant/workflow.ts';
export { retryStuck } from './retry-stuck/workflow.ts';
export { watchForStuck } from './watch-for-stuck/workflow.ts';
