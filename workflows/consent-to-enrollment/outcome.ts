import { upsertSearchAttributes } from '@temporalio/workflow';
import { trial } from '../observe.ts';
import { searchAttributes } from '../search-attributes.ts';
import type { Notices } from './notices.ts';
import { deviationsLogged } from './re-consent.ts';
import { writeProgress } from './report.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { Outcome } from './types.ts';

/** Before step 6 a withdrawal is `declined`, from 6 on `withdrawn`; an abort is `voided`, a deadline `expired`; otherwise what the steps said. */
export function outcomeOfUndone(enrollment: Enrollment, reached: Outcome): Outcome {
  if (enrollment.interruption?.kind === 'withdrawal') return enrollment.enrolled ? 'withdrawn' : 'declined';
  if (enrollment.interruption?.kind === 'expiry') return 'expired';
  return enrollment.interruption ? 'voided' : reached;
}

function reasonOf({ interruption, outcomeReason }: Enrollment): string | null {
  if (interruption?.kind === 'expiry') return interruption.reason;
  return interruption ? 'aborted' : outcomeReason;
}

/** Writes the outcome to the record in Study, in rounds until it holds, then shows it. */
export async function recordOutcome(enrollment: Enrollment, outcome: Outcome): Promise<void> {
  const { activities, identity, saga, stage, ctx } = enrollment;
  enrollment.recording = outcome;
  const key = enrollment.key('outcome', enrollment.nextRevision());
  const withdrawal = enrollment.interruption?.kind === 'withdrawal' ? enrollment.interruption.withdrawal : null;
  const reason = withdrawal ? `decided_by_${withdrawal.decidedBy}` : reasonOf(enrollment);
  const content = {
    identity, outcome, stage, reason,
    ...(withdrawal && enrollment.pastPivot ? { scope: withdrawal.scope } : {}),
    ...(outcome === 'screen_failed' ? { details: { failed: enrollment.failedCriteria } } : {}),
  };
  // A new revision each round: parking has reported the progress under a higher one than the last round had.
  await saga.untilItHolds('outcome', () =>
    activities.study.recordOutcome.executeWithOptions({ summary: `${STEPS.outcome.summary}: ${outcome}` }, [
      { ctx, key, input: { ...content, revision: enrollment.nextRevision() } },
    ]),
  );
  if (enrollment.outcome === null) enrollment.leaveStage();
  trial.ended(outcome);
  showOutcome(enrollment, outcome);
}

/** Shows the outcome in search attributes and current details. */
export function showOutcome(enrollment: Enrollment, outcome: Outcome): void {
  enrollment.outcome = outcome;
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
  enrollment.showDetails();
}

/** A withdrawal after the pivot: stops what its scope says; data that were collected stay (FDA 2008 guidance). */
export async function applyWithdrawal(enrollment: Enrollment): Promise<void> {
  if (enrollment.interruption?.kind !== 'withdrawal') return;
  const { activities, input, saga, ctx } = enrollment;
  const { scope } = enrollment.interruption.withdrawal;
  const { enrollmentId } = input;
  await saga.untilItHolds('withdrawal', () =>
    activities.edc.stopDataCollection.executeWithOptions({ summary: `Stop what the withdrawal covers: ${scope}` }, [
      { ctx, key: enrollment.key('withdrawal'), input: { enrollmentId, scope, reason: 'withdrawal' } },
    ]),
  );
  if (input.protocol.randomisation?.freesCapOnWithdrawal) {
    await saga.untilItHolds('withdrawal', () =>
      activities.site.freeSlot.executeWithOptions({ summary: 'Give the place back to the site' }, [
        { ctx, key: enrollment.key('free-slot'), input: { enrollmentId } },
      ]),
    );
  }
  await deviationsLogged(enrollment);
  await recordOutcome(enrollment, 'withdrawn');
}

/** Tells whom an outcome other than `active` concerns; the record stands by now, so a mailbox can't hold it up. */
export async function tellOfOutcome(enrollment: Enrollment, notices: Notices): Promise<void> {
  const { outcome, interruption, saga } = enrollment;
  if (outcome !== 'withdrawn') notices.add('not_enrolled', { outcome, reason: enrollment.outcomeReason });
  else notices.add('withdrawn', { scope: interruption?.kind === 'withdrawal' ? interruption.withdrawal.scope : null });
  await notices.deliver();
  // Parking after the outcome marked the record; the mark must not stay when the run has gone.
  if (enrollment.parkedAfterOutcome) await saga.untilItHolds('outcome', () => writeProgress(enrollment));
}
