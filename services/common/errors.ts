/** How a domain error is to be answered at the edge. */
export type ErrorClass = 'invalid' | 'not_found' | 'conflict' | 'stale' | 'forbidden' | 'unavailable';

/**
 * An error that the domain foresees. `code` and `publicText` may be shown to anyone who may call the verb
 * and stand in Temporal's history in plaintext: never personal data in them. The internal cause is apart.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: string;
  readonly errorClass: ErrorClass;
  readonly publicText: string;
  /** The same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** Machine-readable parts, e.g. what an admission lacks. No personal data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    errorClass: ErrorClass,
    code: string,
    publicText: string,
    more: { details?: Record<string, unknown>; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(`${code}: ${publicText}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.errorClass = errorClass;
    this.code = code;
    this.publicText = publicText;
    this.retryable = more.retryable ?? errorClass === 'unavailable';
    this.details = more.details ?? {};
  }
}

/** What every error that crosses a layer has: DomainError, DatabaseError and CommandKeyError do. */
export type TypedError = Error & { code: string; publicText: string; retryable: boolean };

export function isTypedError(error: unknown): error is TypedError {
  return error instanceof Error && 'publicText' in error && 'code' in error && 'retryable' in error;
}

/** The thing with this id does not exist, or the caller may not know of it. */
export function notFound(what: string): DomainError {
  return new DomainError('not_found', `${what}_not_found`, `There is no such ${what.replaceAll('_', ' ')}.`);
}

/** A step that parks on it goes on by `retry` once a consent has been recorded. */
export function consentNotInForce(): DomainError {
  return new DomainError('conflict', 'consent_not_in_force', 'The participant has no valid consent to this study at this site; record one first.');
}
