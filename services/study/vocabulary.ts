/** Stages of an enrollment, in their order (contract). */
export const STAGES = ['consent', 'screening', 'eligibility', 'slot', 'enrollment', 'casebook', 'randomisation', 'activation'] as const;
export type Stage = (typeof STAGES)[number];

/** How an enrollment ends; `active` is the good end of the process and may still become `withdrawn`. */
export const OUTCOMES = ['active', 'screen_failed', 'declined', 'cap_reached', 'expired', 'withdrawn', 'voided'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why somebody who was approached never signed, in the words of the CONSORT flow diagram. */
export const REFUSAL_REASONS = ['declined_to_participate', 'not_meeting_criteria', 'other'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** The deadlines that end an enrollment as `expired`; `other` is for counting what is none of them. */
export const EXPIRY_REASONS = ['screening_window', 'eligibility_signature', 'reconsent_deadline', 'other'] as const;
export type ExpiryReason = (typeof EXPIRY_REASONS)[number];

/** FHIR R4 `ResearchStudy.status`. */
export const STUDY_STATUSES = [
  'active',
  'administratively-completed',
  'approved',
  'closed-to-accrual',
  'closed-to-accrual-and-intervention',
  'completed',
  'disapproved',
  'in-review',
  'temporarily-closed-to-accrual',
  'temporarily-closed-to-accrual-and-intervention',
  'withdrawn',
] as const;

/** What a participant's withdrawal stops; ending the treatment alone is not a withdrawal. */
export const WITHDRAWAL_SCOPES = ['interventions', 'all_data_collection', 'samples'] as const;
export type WithdrawalScope = (typeof WITHDRAWAL_SCOPES)[number];

/** The FHIR R4 `ResearchSubject.status` codes that our stages and outcomes map onto. */
export type SubjectStatus =
  | 'candidate'
  | 'screening'
  | 'eligible'
  | 'pending-on-study'
  | 'on-study'
  | 'follow-up'
  | 'ineligible'
  | 'not-registered'
  | 'withdrawn';

const OF_STAGE: Record<Stage, SubjectStatus> = {
  consent: 'candidate',
  screening: 'screening',
  eligibility: 'screening',
  slot: 'eligible',
  enrollment: 'pending-on-study',
  casebook: 'pending-on-study',
  randomisation: 'pending-on-study',
  activation: 'on-study',
};

const OF_OUTCOME: Record<Outcome, SubjectStatus> = {
  active: 'on-study',
  screen_failed: 'ineligible',
  declined: 'not-registered',
  cap_reached: 'not-registered',
  expired: 'not-registered',
  voided: 'not-registered',
  withdrawn: 'withdrawn',
};

/** FHIR R4 `ResearchSubject.status` of a stage or outcome; who withdraws from interventions only is followed up. */
export function statusOf(at: { stage: Stage; outcome: Outcome | null; scope?: WithdrawalScope | undefined }): SubjectStatus {
  if (at.outcome === null) return OF_STAGE[at.stage];
  if (at.outcome === 'withdrawn' && at.scope === 'interventions') return 'follow-up';
  return OF_OUTCOME[at.outcome];
}
