import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { awaitConsentRecorded, TASK_QUEUE, WORKFLOW_TYPE, workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { EnrollmentInput } from '../../workflows/consent-to-enrollment/types.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { EnrollmentGateway, StartEnrollment, Started } from '../enrollment-gateway.ts';
import { type Engine, searchAttributesOf } from './engine.ts';
import { fromTemporal, outcomeUnknown, unanswered } from './errors.ts';
import { findRun } from './find-run.ts';

/** Starts the run, or joins the one that this person has in this study, and waits for the consent to be recorded. */
export async function startRun(engine: Engine, [input, { mayFollow }]: Parameters<EnrollmentGateway['start']>): Promise<Started> {
  const { client, timing, publicUrl, waits, within } = engine;
  const startWorkflowOperation = new WithStartWorkflowOperation<(input: EnrollmentInput) => Promise<unknown>>(WORKFLOW_TYPE, {
    workflowId: workflowIdOf(input),
    taskQueue: TASK_QUEUE,
    args: [{ ...input, timing }],
    memo: { contentHash: input.contentHash },
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: mayFollow ? WorkflowIdReusePolicy.ALLOW_DUPLICATE : WorkflowIdReusePolicy.REJECT_DUPLICATE,
    typedSearchAttributes: searchAttributesOf({ ...input, stage: 'consent' }),
    staticSummary: `Consent to enrollment: ${input.studyCode} at ${input.siteCode}`,
    staticDetails: detailsOf(input, publicUrl),
  });
  const { enrollmentId, requestKey, contentHash } = input;
  try {
    const result = await within(waits.answerMs, () =>
      client.workflow.executeUpdateWithStart(awaitConsentRecorded, {
        args: [{ enrollmentId, requestKey, contentHash }],
        updateId: `${requestKey}/${contentHash}`,
        startWorkflowOperation,
      }),
    );
    return { kind: 'recorded', result };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { kind: 'overtaken' };
    if (!unanswered(error)) throw fromTemporal(error);
  }
  const pending = await begunRun(engine, input);
  if (pending !== null && (await visible(engine, pending))) return { kind: 'pending', enrollmentId: pending };
  throw outcomeUnknown();
}

/** The run that a start with this content began or joined although nobody answered, or null when there is none. */
async function begunRun({ client, waits, within }: Engine, input: StartEnrollment): Promise<string | null> {
  try {
    const run = await within(waits.answerMs, () => client.workflow.getHandle(workflowIdOf(input)).describe());
    const same = run.status.name === 'RUNNING' && run.memo?.['contentHash'] === input.contentHash;
    return same ? (run.typedSearchAttributes.get(searchAttributes.enrollmentId) ?? null) : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw fromTemporal(error);
  }
}

/** 202 promises that a GET finds the enrollment, so it is only given once the list does. */
async function visible(engine: Engine, enrollmentId: string): Promise<boolean> {
  const { waits } = engine;
  const until = Date.now() + waits.visibleMs;
  for (;;) {
    if (await findRun(engine, enrollmentId)) return true;
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, waits.lookEveryMs));
  }
}

/** Markdown for the case page of the Temporal UI; plaintext there, so ids and codes only. */
function detailsOf({ enrollmentId, studyCode, siteCode, protocol }: StartEnrollment, publicUrl: string): string {
  const resource = `${publicUrl}/api/v1/enrollments/${enrollmentId}`;
  return [
    `**Study:** ${studyCode}, protocol version ${protocol.version}`,
    `**Site:** ${siteCode}`,
    `**Enrollment:** [${enrollmentId}](${resource})`,
    `What happened so far: [timeline](${resource}/timeline)`,
  ].join('\n\n');
}
