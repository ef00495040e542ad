import type { StudyService } from '../services/study/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

/** What workflows may ask of the Study service. */
export function studyActivities(service: StudyService, onUnexpected: OnUnexpected) {
  return asActivities(
    {
      openEnrollment: service.openEnrollment,
      cancelOpening: service.cancelOpening,
      evaluateEligibility: service.evaluateEligibility,
      signEligibility: service.signEligibility,
      invalidateEligibility: service.invalidateEligibility,
      settleStep: service.settleStep,
      enrollParticipant: service.enrollParticipant,
      voidEnrolling: service.voidEnrolling,
      randomiseParticipant: service.randomiseParticipant,
      settleRandomisation: service.settleRandomisation,
      logDeviation: service.logDeviation,
      recordProgress: service.recordProgress,
      recordOutcome: service.recordOutcome,
      markCodeBreakTold: service.markCodeBreakTold,
      markMisusesTold: service.markMisusesTold,
      noteOperation: service.noteOperation,
    },
    onUnexpected,
  );
}

export type StudyActivities = ReturnType<typeof studyActivities>;
