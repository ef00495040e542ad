import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DomainError, type ErrorClass } from '../../services/common/index.ts';

/**
 * How a code with which a run refuses, or with which its first step failed, is answered. What isn't named here is a
 * conflict with the state of the enrollment (`other_content`, `key_reused`, `not_parked`, `cannot_skip`,
 * `too_late`, `not_awaiting_consent`, `closing`, `limit_reached`, …).
 */
const CLASS_OF_CODE: Record<string, ErrorClass> = {
  patient_not_found: 'not_found',
  study_not_found: 'not_found',
  site_not_found: 'not_found',
  invalid_input: 'invalid',
  consent_in_future: 'invalid',
  birth_date_in_future: 'invalid',
  unknown_item: 'invalid',
  unit_mismatch: 'invalid',
  value_type: 'invalid',
  before_consent: 'invalid',
  performed_in_future: 'invalid',
  strata_invalid: 'invalid',
  signer_not_entitled: 'forbidden',
  service_timeout: 'unavailable',
  database_unavailable: 'unavailable',
  database_busy: 'unavailable',
  timed_out: 'unavailable',
};

/** Failure types of the server and of the SDK: they say nothing about what was asked for. */
const NOT_OURS = new Set(['internal', 'Error', 'TypeError']);
/** The run ended between accepting the Update and answering it: asking again tells. */
const LOST_WITH_THE_RUN = 'AcceptedUpdateCompletedWorkflow';
/** The server's word (1.32) where a worker, such as one that was ending, gave the run's task back without a look at the Update. */
const NOT_LOOKED_AT = 'UnprocessedUpdate';

/** The run of this enrollment has ended; the same person may have another one by now. */
export function runHasEnded(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) return error.cause instanceof ApplicationFailure && error.cause.type === 'other_enrollment';
  return error instanceof WorkflowNotFoundError;
}

/** Of the server (1.32): it has the same gRPC code for much else. */
const NO_MORE_UPDATES = /limit on the total number of distinct updates/;

/** The server takes no more Updates for this run (its `history.maxTotalUpdates`); a Signal it does. */
export function takesNoMoreUpdates(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && NO_MORE_UPDATES.test(cause.details);
}

/** Nothing came back within the time that the API waits. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** No answer came in time, or at all: it may or may not have been done. */
export function unanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) return error.cause instanceof ApplicationFailure && error.cause.type === NOT_LOOKED_AT;
  return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof LateError;
}

export function keyReused(): DomainError {
  return new DomainError('conflict', 'key_reused', 'This idempotency key was used for other content; use a new key.');
}

/** The engine may or may not have done it; the same key makes repeating safe. */
export function outcomeUnknown(): DomainError {
  return new DomainError('unavailable', 'outcome_unknown', 'No answer in time; repeat it with the same key to learn the outcome.');
}

export function engineUnavailable(): DomainError {
  return new DomainError('unavailable', 'workflow_engine_unavailable', 'The workflow engine cannot be reached; repeat it with the same key.');
}

/** What the API makes of an error of Temporal's client. Anything unforeseen is passed on as it is. */
export function fromTemporal(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (type === LOST_WITH_THE_RUN || type === NOT_LOOKED_AT) return outcomeUnknown();
    if (!type || NOT_OURS.has(type)) return error;
    return new DomainError(CLASS_OF_CODE[type] ?? 'conflict', type, message);
  }
  if (takesNoMoreUpdates(error)) return new DomainError('conflict', 'limit_reached', 'This enrollment has taken too many messages.');
  // Everything else that gRPC answers (unavailable, deadline, exhausted, unknown namespace) means: not now.
  if (isGrpcServiceError(error) || error instanceof ServiceError || error instanceof LateError) return engineUnavailable();
  return error;
}
