import { CancellationScope, isCancellation, log, upsertSearchAttributes } from '@temporalio/workflow';
import { describeFailure } from '../attention.ts';
import { searchAttributes } from '../search-attributes.ts';
import type { Enrollment } from './state.ts';
import type { AttentionItem } from './types.ts';

/** Shows what needs an operator: first search attributes and details, then the record in Study and a mail to ops. */
export function reportAttention(enrollment: Enrollment, event: 'parked' | 'resolved', item: AttentionItem): void {
  const { stuckStep } = enrollment.attention;
  upsertSearchAttributes([
    { key: searchAttributes.needsAttention, value: stuckStep !== null },
    { key: searchAttributes.stuckStep, value: stuckStep },
  ]);
  enrollment.showDetails();
  void reportProgress(enrollment);
  if (event === 'parked') void tellOps(enrollment, item);
}

/** Writes stage, attention and awaited person to the record in Study. Resolves in any case: no step waits for it to hold. */
export function reportProgress(enrollment: Enrollment): Promise<void> {
  return quietly('record the progress', () => writeProgress(enrollment));
}

/** The same for a caller that needs it to hold. */
export function writeProgress(enrollment: Enrollment): Promise<unknown> {
  const { identity, ctx, stage, awaiting, attention } = enrollment;
  const revision = enrollment.nextRevision();
  return enrollment.activities.study.recordProgress.executeWithOptions({ summary: `Note on the record: ${attention.stuckStep ? `stuck at ${attention.stuckStep}` : `awaiting ${awaiting?.what ?? 'nobody'}`}` }, [
    {
      ctx,
      key: enrollment.key('progress', revision),
      input: { identity, revision, stage, needsAttention: attention.items.length > 0, stuckStep: attention.stuckStep, awaiting },
    },
  ]);
}

function tellOps(enrollment: Enrollment, item: AttentionItem): Promise<void> {
  const { identity, ctx, subjectNumber } = enrollment;
  const { enrollmentId, studyId, studyCode, siteId, siteCode, patientId } = identity;
  return quietly('tell ops', () =>
    enrollment.activities.notification.sendNotice.executeWithOptions({ summary: 'Tell ops what is stuck' }, [
      {
        ctx,
        key: enrollment.key(`stuck-${item.step.replaceAll(/[^a-z]+/gi, '-')}`, enrollment.nextRevision()),
        input: {
          kind: 'stuck', enrollmentId, studyId, studyCode, siteId, siteCode, patientId, subjectNumber,
          details: { step: item.step, failure: `${item.why} (${item.code})`, since: item.since, nextAction: item.actions.join(', ') },
        },
      },
    ]),
  );
}

/** Nothing may wait for a report, and no report may fail the run: what can't be told is logged. */
async function quietly(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await CancellationScope.nonCancellable(run);
  } catch (failure) {
    if (isCancellation(failure)) return;
    log.warn(`could not ${what}`, { code: describeFailure(failure).code });
  }
}
