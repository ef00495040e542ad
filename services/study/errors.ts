import { DomainError } from '../common/index.ts';

export const studyCodeTaken = () => new DomainError('conflict', 'study_code_taken', 'Another study has this code.');

export const protocolInvalid = (errors: { path: string; message: string }[]) =>
  new DomainError('invalid', 'protocol_invalid', 'The protocol version is not valid.', { details: { errors } });

export const protocolVersionExists = () =>
  new DomainError('conflict', 'protocol_version_exists', 'The study has a protocol version of this name already.');

export const consentVersionExists = () =>
  new DomainError('conflict', 'consent_version_exists', 'The site has a consent version of this name in this language already.');

export const consentVersionOverlaps = () =>
  new DomainError('conflict', 'consent_version_overlaps', 'Another consent version of the site becomes effective at this very time.');

/** The enrollment has an outcome: no step may change it any more. */
export const enrollmentClosed = () =>
  new DomainError('conflict', 'enrollment_closed', 'The enrollment has its outcome already.');

/** The steps of an enrollment have an order (21 CFR 11.10(f)). */
export const outOfOrder = (requires: string) =>
  new DomainError('conflict', 'out_of_order', 'A step that must come before this one has not taken effect.', {
    details: { requires },
  });

export const outcomeFinal = () =>
  new DomainError('conflict', 'outcome_final', 'The enrollment has another outcome already.');

/** The record has moved past this revision, so the outcome would be lost: somebody must look. */
export const revisionBehind = () =>
  new DomainError('conflict', 'revision_behind', 'The record of the enrollment has moved on since.');

/** An enrollment's study, site, person, protocol and request never change. */
export const identityMismatch = () =>
  new DomainError('conflict', 'enrollment_mismatch', 'The enrollment is of another study, site, person, protocol or request.');

export const alreadyEnrolled = () =>
  new DomainError('conflict', 'already_enrolled', 'The person has another open or active enrollment in the study.');

export const requestKeyTaken = () =>
  new DomainError('conflict', 'request_key_taken', 'Another enrollment was started by this request.');

/** The authority to sign is checked with the signature itself (21 CFR 11.10(g)). */
export const signerNotEntitled = () =>
  new DomainError('forbidden', 'signer_not_entitled', 'Only a principal investigator of the site, or somebody to whom eligibility is delegated now, may sign.');

export const alreadyDecided = () =>
  new DomainError('conflict', 'already_decided', 'There is a signed eligibility decision in force.');

export const criteriaNotMet = () =>
  new DomainError('conflict', 'criteria_not_met', 'The criteria are not met as far as they have been evaluated.');

/** A signature is bound to what was seen (21 CFR 11.70). */
export const evaluationChanged = () =>
  new DomainError('conflict', 'evaluation_changed', 'The criteria have been evaluated again since; look at the evaluation before signing.');

export const notDecided = () =>
  new DomainError('conflict', 'not_decided', 'There is no eligibility decision in force.');

export const scopeTooWide = (max: number) =>
  new DomainError('invalid', 'scope_too_wide', `At most ${max} combinations of study and site can be listed at once.`, { details: { max } });

export const refusalInFuture = () =>
  new DomainError('invalid', 'refusal_in_future', 'The time of the refusal lies in the future.');

export const notRandomising = () =>
  new DomainError('conflict', 'not_randomising', 'This protocol version has no randomisation.');

export const strataInvalid = () =>
  new DomainError('invalid', 'strata_invalid', 'Give exactly one level of the protocol for each of its strata.');

/** An allocation can be neither undone nor repeated. */
export const alreadyRandomised = () =>
  new DomainError('conflict', 'already_randomised', 'This participant has been randomised already.');

/** Said before anything is looked up, so it tells nothing of the arm, not even whether there is one. */
export const stillBlinded = () =>
  new DomainError('forbidden', 'still_blinded', 'Neither this subject nor the study has been unblinded for you.');

export const notRandomised = () =>
  new DomainError('conflict', 'not_randomised', 'This participant has not been randomised.');

export const notEntitledToUnblind = () =>
  new DomainError('forbidden', 'not_entitled_to_unblind', 'Only a principal investigator of the site, or an investigator to whom unblinding is delegated now, may break the code.');

/** Two persons, by their user ids: nobody unblinds alone without an emergency (ICH E6(R3) 4.1.4). */
export const approvesOwnRequest = () =>
  new DomainError('forbidden', 'approves_own_request', 'Somebody else than who asked must approve.');

export const alreadyApproved = () =>
  new DomainError('conflict', 'already_approved', 'This request has been approved already.');

export const unblindingExpired = () =>
  new DomainError('conflict', 'unblinding_expired', 'This request was not approved in time; make a new one.');
