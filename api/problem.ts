import { STATUS_CODES } from 'node:http';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { DatabaseError, type DatabaseErrorKind } from '../db/errors.ts';
import { DomainError, type ErrorClass, isTypedError } from '../services/common/index.ts';
import { InvalidTokenError, IssuerUnavailableError } from './auth/token.ts';
import type { ApiEnv } from './deps.ts';

/** RFC 9457. Some problems have more members, e.g. `missing` of a refused admission. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'Stable, for programs.' }),
    traceId: z.string().openapi({ description: 'Of the trace (W3C Trace Context) that this is in, for our log and traces.' }),
    errors: z
      .array(z.looseObject({ pointer: z.string().openapi({ description: 'JSON pointer to what is wrong.' }), detail: z.string() }))
      .optional(),
  })
  .openapi('Problem');

/** A refusal of the API itself, before any service is asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly publicText: string;
  readonly more: { details?: Record<string, unknown>; headers?: Record<string, string> };

  constructor(
    status: number,
    code: string,
    publicText: string,
    more: { details?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(code);
    this.status = status;
    this.code = code;
    this.publicText = publicText;
    this.more = more;
  }
}

type Problem = {
  status: number;
  code: string;
  detail: string;
  details?: Readonly<Record<string, unknown>>;
  headers?: Record<string, string>;
};

const STATUS_OF_CLASS: Record<ErrorClass, number> = {
  invalid: 422,
  not_found: 404,
  conflict: 409,
  stale: 412,
  forbidden: 403,
  unavailable: 503,
};

const STATUS_OF_DATABASE: Record<DatabaseErrorKind, number> = {
  unavailable: 503,
  busy: 503,
  unique_violation: 409,
  reference_violation: 409,
  check_violation: 422,
  invalid_value: 422,
  unexpected: 500,
};

const HTTP_TEXT: Record<number, [code: string, detail: string]> = {
  400: ['malformed_request', 'The request cannot be understood.'],
  413: ['body_too_large', 'The body is larger than 1 MB.'],
  415: ['unsupported_media_type', 'Send the body as application/json.'],
};

/** What the caller is told of an error. Of an unforeseen one: nothing but that it happened. */
function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) {
    const { status, code, publicText: detail, more } = error;
    return { status, code, detail, ...more };
  }
  if (error instanceof InvalidTokenError) {
    const headers = { 'WWW-Authenticate': 'Bearer realm="trial-enrollment", error="invalid_token"' };
    return { status: 401, code: 'invalid_token', detail: 'The token is not valid (any more).', headers };
  }
  if (error instanceof IssuerUnavailableError) {
    const detail = 'Whether the token is valid can’t be told: its issuer does not answer.';
    return { status: 503, code: 'issuer_unavailable', detail, headers: { 'Retry-After': '2' } };
  }
  if (error instanceof DomainError) {
    const { code, publicText: detail, details } = error;
    return { status: STATUS_OF_CLASS[error.errorClass], code, detail, details };
  }
  if (error instanceof DatabaseError) {
    return { status: STATUS_OF_DATABASE[error.kind], code: error.code, detail: error.publicText };
  }
  // CommandKeyError: the key is taken by other content, or dead.
  if (isTypedError(error)) return { status: error.retryable ? 503 : 409, code: error.code, detail: error.publicText };
  if (error instanceof HTTPException && error.status < 500) {
    const [code, detail] = HTTP_TEXT[error.status] ?? ['refused', 'The request was refused.'];
    return { status: error.status, code, detail };
  }
  return { status: 500, code: 'internal', detail: 'Something went wrong here; the trace id finds it in our log.' };
}

/** The one place where errors become answers: `application/problem+json`, never with a value that was sent. */
export function problemHandler(log: Logger) {
  return (error: unknown, c: Context<ApiEnv>): Response => {
    const problem = problemOf(error);
    const { status, code } = problem;
    if (status >= 500) log.error({ code, ...(status === 500 ? { error } : {}) }, 'request failed');
    return problemResponse(c, problem);
  };
}

export function problemResponse(c: Context<ApiEnv>, { status, code, detail, details, headers }: Problem): Response {
  const { requestId } = c.var;
  const body = {
    ...details,
    type: `urn:trial-enrollment:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    traceId: c.var.origin?.traceId ?? requestId,
  };
  const retryAfter = status === 503 ? { 'Retry-After': secondsUntilRetry(details) } : {};
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'X-Request-Id': requestId, ...retryAfter, ...headers },
  });
}

/** As long as the service that refused wants to be left alone; otherwise a second. */
function secondsUntilRetry(details: Problem['details']): string {
  const after = details?.['retryAfterMs'];
  return String(typeof after === 'number' ? Math.max(1, Math.ceil(after / 1000)) : 1);
}
