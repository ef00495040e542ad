/**
 * Every step of the process: what it is called in keys and on the board, the activity that carries it out, and the
 * one that undoes or settles it. The fault table of the tests is generated from this list.
 */
export const STEPS = {
  consent: { activity: 'recordConsent', service: 'patient', summary: 'Record the signed consent', side: 'kept' },
  opening: {
    activity: 'openEnrollment',
    service: 'study',
    summary: 'Assign the subject number, open the screening-log line',
    undo: 'cancelOpening',
    side: 'before',
  },
  screening: { activity: 'openScreening', service: 'edc', summary: 'Open the screening forms', undo: 'closeScreening', side: 'before' },
  results: { activity: 'recordScreeningResults', service: 'edc', summary: 'Record screening results', side: 'kept' },
  evaluation: { activity: 'evaluateEligibility', service: 'study', summary: 'Evaluate the criteria', side: 'kept' },
  signature: { activity: 'signEligibility', service: 'study', summary: 'Sign the eligibility decision', side: 'kept' },
  slot: { activity: 'reserveSlot', service: 'site', summary: 'Reserve a slot at the site', undo: 'releaseSlot', side: 'before' },
  enrolling: { activity: 'enrollParticipant', service: 'study', summary: 'Enrol the participant', undo: 'voidEnrolling', side: 'before' },
  casebook: { activity: 'openCasebook', service: 'edc', summary: 'Open the casebook', undo: 'closeCasebook', side: 'before' },
  epro: { activity: 'startEpro', service: 'edc', summary: 'Start the ePRO schedule', undo: 'stopEpro', side: 'before', skippable: true },
  confirmation: {
    activity: 'confirmSlot',
    service: 'site',
    summary: 'Confirm the slot (the pivot)',
    undo: 'settleSlotConfirmation',
    side: 'pivot',
  },
  confirming: {
    activity: 'confirmSlot',
    service: 'site',
    summary: 'Confirm the slot, right before the randomisation',
    undo: 'unconfirmSlot',
    side: 'before',
    protocol: 'randomises',
  },
  randomisation: {
    activity: 'randomiseParticipant',
    service: 'study',
    summary: 'Randomise (the pivot)',
    undo: 'settleRandomisation',
    side: 'pivot',
    protocol: 'randomises',
  },
  notices: { activity: 'sendNotice', service: 'notification', summary: 'Tell the site', side: 'after', skippable: true },
  outcome: { activity: 'recordOutcome', service: 'study', summary: 'Record the outcome', side: 'after' },
} as const;

/** What can park: a step, or the invalidation that somebody asks for beside the way. */
export type StepName = keyof typeof STEPS | 'invalidation';
