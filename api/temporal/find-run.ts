import { WorkflowNotFoundError } from '@temporalio/client';
import { enrollmentView, WORKFLOW_TYPE, workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import type { Outcome, Stage } from '../../workflows/consent-to-enrollment/types.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { FoundRun, Live, RunRef } from '../enrollment-gateway.ts';
import type { Engine } from './engine.ts';
import { fromTemporal } from './errors.ts';

/** The run of this enrollment by its search attribute, also when it has closed. Eventually consistent. */
export async function findRun({ client, waits, within }: Engine, enrollmentId: string): Promise<(FoundRun & { runId: string }) | null> {
  const query = `EnrollmentId = "${enrollmentId}" AND WorkflowType = "${WORKFLOW_TYPE}"`;
  try {
    return await within(waits.answerMs, async () => {
      for await (const { workflowId, runId, typedSearchAttributes: known, startTime } of client.workflow.list({ query, pageSize: 1 })) {
        const [, studyCode = '', patientId = ''] = workflowId.split('/');
        return {
          enrollmentId,
          runId,
          studyCode,
          patientId,
          siteCode: known.get(searchAttributes.siteCode) ?? '',
          stage: (known.get(searchAttributes.stage) ?? 'consent') as Stage,
          outcome: (known.get(searchAttributes.outcome) ?? null) as Outcome | null,
          needsAttention: known.get(searchAttributes.needsAttention) ?? false,
          startedAt: startTime.toISOString(),
        };
      }
      return null;
    });
  } catch (error) {
    throw fromTemporal(error);
  }
}

/** Live details of the person's newest run, or of the one given, as long as it is this enrollment's. */
export async function viewRun({ client, waits, within }: Engine, run: RunRef & { runId?: string }): Promise<Live> {
  try {
    const handle = client.workflow.getHandle(workflowIdOf(run), run.runId);
    const seen = await within(waits.viewMs, () => handle.query(enrollmentView));
    return seen.enrollmentId === run.enrollmentId ? { kind: 'live', view: seen } : { kind: 'none' };
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? { kind: 'none' } : { kind: 'unavailable' };
  }
}
