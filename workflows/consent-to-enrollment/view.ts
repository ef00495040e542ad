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
