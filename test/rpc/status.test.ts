// What a status of the transport means to who called; what services themselves throw is in errors.test.ts.
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { UnansweredError } from '../../services/common/resilience/index.ts';
import { fromStatus } from '../../services/common/rpc/problem.ts';

/** As Connect wraps an error of Node that it has no status for. */
function wrapped(code: string, message = code): ConnectError {
  return ConnectError.from(Object.assign(new Error(message), { code }), Code.Internal);
}

describe('a call that came to no answer', () => {
  it.each([
    ['service_timeout', new ConnectError('the operation timed out', Code.DeadlineExceeded)],
    ['service_unavailable', new ConnectError('http/2 stream closed', Code.Canceled)],
    ['service_unavailable', new ConnectError('read ECONNRESET', Code.Aborted)],
    ['service_unavailable', new ConnectError('connect ECONNREFUSED', Code.Unavailable)],
    ['service_unavailable', wrapped('EHOSTUNREACH')],
    ['service_unavailable', wrapped('ENETUNREACH')],
    ['service_unavailable', wrapped('EPIPE')],
    ['service_unavailable', wrapped('ERR_HTTP2_SESSION_ERROR')],
    ['service_busy', wrapped('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM')],
    ['service_busy', new ConnectError('http/2 stream closed with error code ENHANCE_YOUR_CALM (0xb)', Code.ResourceExhausted)],
  ])('is %s: %o', (code, thrown) => {
    const error = fromStatus('site', thrown);
    expect(error).toBeInstanceOf(UnansweredError);
    expect(error).toMatchObject({ errorClass: 'unavailable', code, retryable: true, cause: thrown });
  });
});

describe('what is left as it is', () => {
  it.each([
    ['a status of the callee without a problem', new ConnectError('An unexpected error', Code.Internal)],
    ['a token that is not taken', new ConnectError('a valid service token is needed', Code.Unauthenticated)],
    ['a mistake of ours', new TypeError('x is not a function')],
  ])('%s', (_, thrown) => {
    expect(fromStatus('site', thrown)).toBe(thrown);
  });
});
