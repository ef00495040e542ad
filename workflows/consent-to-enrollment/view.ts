import { currentDetails } from './details.ts';
import { SLOT_HELD } from './slot.ts';
import type { Enrollment } from './state.ts';
import type { EnrollmentView } from './types.ts';

/** Live details of a run, for the query and the case page. No personal data. */
export function viewOf(enrollment: Enrollment): EnrollmentView {
  const { input, attention, consent, interruption } = enrollment;
  const withdrawal = interruption?.kind === 'withdrawal' ? interruption.withdrawal : null;
  return {
    enrollmentId: input.enrollmentId,
    stage: enrollment.stage,
    outcome: enrollment.outcome,
    pastPivot: enrollment.pastPivot,
    needsAttention: attention.items.length > 0,
    stuckStep: attention.stuckStep,
    attention: attention.items,
    awaiting: enrollment.awaiting,
    subjectNumber: enrollment.subjectNumber,
    wouldUndo: enrollment.saga.wouldUndo,
    consentId: consent?.consentId ?? null,
    validity: consent?.validity ?? null,
    interruption: interruption?.kind ?? null,
    withdrawnBy: withdrawal && { key: withdrawal.key, contentHash: withdrawal.contentHash },
  };
}

/** The same and what runs out, as text for the case page. */
export function detailsOf(enrollment: Enrollment): string {
  const { closing, slotHeldUntil } = enrollment;
  const slot = slotHeldUntil === null ? [] : [{ summary: SLOT_HELD, until: slotHeldUntil }];
  const deadlines = [...enrollment.deadlines.running, ...slot].map(({ summary, until }) => ({ what: summary, at: new Date(until).toISOString() }));
  return currentDetails(viewOf(enrollment), { closing, deadlines });
}
