import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  AwaitConsentRecorded,
  ConsentRecorded,
  EligibilityDecided,
  EligibilityDecision,
  EnrollmentView,
  Invalidated,
  Invalidation,
  RandomisationDone,
  RandomisationRequest,
  ReConsent,
  ReConsentRecorded,
  ResolveStep,
  ScreeningRecorded,
  ScreeningResults,
  Withdrawal,
} from './types.ts';

export const WORKFLOW_TYPE = 'consentToEnrollment';
export const TASK_QUEUE = 'enrollment';

/** `enrollment/{studyCode}/{patientId}`: one run at a time for a person in a study. */
export function workflowIdOf(enrollment: { studyCode: string; patientId: string }): string {
  return `enrollment/${enrollment.studyCode}/${enrollment.patientId}`;
}

/** Sent along with the start; answers once the consent is recorded, or says why it can't be. */
export const awaitConsentRecorded = defineUpdate<ConsentRecorded, [AwaitConsentRecorded]>('awaitConsentRecorded');
/** An operator's answer to a parked step. */
export const resolveStep = defineUpdate<EnrollmentView, [ResolveStep]>('resolveStep');
/** The participant's, investigator's or sponsor's withdrawal; acknowledged at once. */
export const withdraw = defineUpdate<EnrollmentView, [Withdrawal]>('withdraw');
/** Screening results, in parts and in any order; a correction has its reason. */
export const recordScreening = defineUpdate<ScreeningRecorded, [ScreeningResults]>('recordScreening');
/** The signed decision on eligibility, by the investigator or somebody delegated. */
export const signEligibility = defineUpdate<EligibilityDecided, [EligibilityDecision]>('signEligibility');
/** Invalidates the decision in force, before the pivot; another one is awaited then. */
export const invalidateEligibility = defineUpdate<Invalidated, [Invalidation]>('invalidateEligibility');
/** The site's request to randomise: the one step that can never be undone. */
export const requestRandomisation = defineUpdate<RandomisationDone, [RandomisationRequest]>('requestRandomisation');
/** A renewed consent, while one is awaited. */
export const recordConsent = defineUpdate<ReConsentRecorded, [ReConsent]>('recordConsent');
/** The same withdrawal when no worker answers the Update: durable without one, applied once. */
export const withdrawSignal = defineSignal<[Withdrawal]>('withdraw');
export const enrollmentView = defineQuery<EnrollmentView>('enrollmentView');
