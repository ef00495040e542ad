import type { OperationId } from './policy.ts';

/** What is done to one enrollment: each first looks where it stands. */
export const ON_ENROLLMENTS: readonly OperationId[] = [
  'createEnrollment',
  'getEnrollment',
  'getEnrollmentTimeline',
  'recordReconsent',
  'recordScreeningResults',
  'listScreeningResults',
  'decideEligibility',
  'invalidateEligibility',
  'getEligibility',
  'requestRandomisation',
  'withdrawParticipant',
  'resolveEnrollment',
  'listDeviations',
  'logDeviation',
  'getTreatmentAssignment',
  'breakCode',
  'correctBaseline',
];
