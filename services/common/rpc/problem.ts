import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { DatabaseError, type DatabaseErrorKind } from '../../../db/index.ts';
import { DomainError, type ErrorClass, isTypedError, type TypedError } from '../errors.ts';
import { timedOut, UnansweredError } from '../resilience/index.ts';
import { ProblemSchema } from './common_pb.js';

const CODE_OF_CLASS: Record<ErrorClass, Code> = {
  invalid: Code.InvalidArgument,
  not_found: Code.NotFound,
  conflict: Code.FailedPrecondition,
  stale: Code.Aborted,
  forbidden: Code.PermissionDenied,
  unavailable: Code.Unavailable,
};

const CLASS_OF_DATABASE: Record<DatabaseErrorKind, ErrorClass | null> = {
  unavailable: 'unavailable',
  busy: 'unavailable',
  unique_violation: 'conflict',
  reference_violation: 'conflict',
  check_violation: 'invalid',
  invalid_value: 'invalid',
  unexpected: null,
};

/**
 * A typed error as a gRPC status with the `Problem` as its detail; null for one that nobody foresaw (its text may
 * hold anything, so the caller learns INTERNAL and no more).
 */
export function toStatus(error: unknown): ConnectError | null {
  const errorClass = classOf(error);
  if (errorClass === null) return null;
  const { code, publicText, retryable } = error as TypedError;
  const details = error instanceof DomainError ? (JSON.parse(JSON.stringify(error.details)) as Record<string, never>) : {};
  const problem = create(ProblemSchema, { errorClass, code, publicText, retryable, details });
  return new ConnectError(publicText, CODE_OF_CLASS[errorClass], undefined, [{ desc: ProblemSchema, value: problem }]);
}

function classOf(error: unknown): ErrorClass | null {
  if (error instanceof DomainError) return error.errorClass;
  if (error instanceof DatabaseError) return CLASS_OF_DATABASE[error.kind];
  // CommandKeyError: the key is taken by other content, or dead.
  if (isTypedError(error)) return error.retryable ? 'unavailable' : 'conflict';
  return null;
}

/**
 * The error of a call as the caller's code knows it: the DomainError that the callee threw; an UnansweredError where it
 * did not come to answer; anything else as it is.
 */
export function fromStatus(callee: string, thrown: unknown): unknown {
  if (!(thrown instanceof ConnectError)) return thrown;
  const [problem] = thrown.findDetails(ProblemSchema);
  if (problem) {
    const { errorClass, code, publicText, retryable, details } = problem;
    return new DomainError(errorClass as ErrorClass, code, publicText, { retryable, ...(details ? { details } : {}) });
  }
  switch (thrown.code) {
    case Code.DeadlineExceeded:
      return timedOut(callee, thrown);
    case Code.ResourceExhausted:
      return tooLong(callee, thrown) ?? busy(callee, thrown);
    // Connect's names for a connection that went away under the call.
    case Code.Aborted:
    case Code.Canceled:
    case Code.Unavailable:
      return unreachable(callee, thrown);
    default:
      // And for what it does not know of Node's errors, such as EHOSTUNREACH; a status of the callee has no cause.
      if (!isNodeError(thrown.cause)) return thrown;
      return thrown.rawMessage.includes('ENHANCE_YOUR_CALM') ? busy(callee, thrown) : unreachable(callee, thrown);
  }
}

const busy = (callee: string, cause: ConnectError) => new UnansweredError('service_busy', `The ${callee} service is busy.`, cause);
const unreachable = (callee: string, cause: ConnectError) => new UnansweredError('service_unavailable', `The ${callee} service can't be reached.`, cause);

function isNodeError(cause: unknown): boolean {
  return cause instanceof Error && typeof (cause as NodeJS.ErrnoException).code === 'string';
}

/** A message beyond the bound of the transport, whose name for it is all that tells it apart; null for anything else. */
function tooLong(callee: string, cause: ConnectError): DomainError | null {
  const bound = /(read|write)MaxBytes/.exec(cause.rawMessage)?.[1];
  if (bound === undefined) return null;
  // What we write and they read is the request.
  if (bound === (cause.isWireError ? 'read' : 'write')) {
    return new DomainError('invalid', 'message_too_large', `What the ${callee} service was to be told is too long.`, { cause });
  }
  return new DomainError('unavailable', 'answer_too_large', `What the ${callee} service had to say is too long.`, { retryable: false, cause });
}
