import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import { REPORT_WORKFLOW_TYPE, type ReportCodeBreakInput, reportWorkflowIdOf } from '../../workflows/report-code-break/messages.ts';
import type { CodeBreakToReport } from '../enrollment-gateway.ts';
import type { Engine } from './engine.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { fromTemporal } from './errors.ts';

/** Starts the report of a code-break, once; one that an operator has ended in Temporal may be started again. */
export async function reportCodeBreak({ client, timing, publicUrl, waits, within }: Engine, report: CodeBreakToReport): Promise<void> {
  const { enrollmentId, studyCode, siteCode } = report.about;
  const start = () =>
    client.workflow.start<(input: ReportCodeBreakInput) => Promise<unknown>>(REPORT_WORKFLOW_TYPE, {
      workflowId: reportWorkflowIdOf(report.codeBreakId),
      taskQueue: TASK_QUEUE,
      args: [{ ...report, timing }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      typedSearchAttributes: [
        { key: searchAttributes.enrollmentId, value: enrollmentId },
        { key: searchAttributes.studyCode, value: studyCode },
        { key: searchAttributes.siteCode, value: siteCode },
        { key: searchAttributes.needsAttention, value: false },
      ],
      staticSummary: `Report of a code-break: ${studyCode} at ${siteCode}`,
      staticDetails: `[Enrollment](${publicUrl}/api/v1/enrollments/${enrollmentId})`,
    });
  try {
    await within(waits.answerMs, start);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return;
    throw fromTemporal(error);
  }
}
