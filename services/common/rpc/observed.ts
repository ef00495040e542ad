import { Code, ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { isTypedError } from '../errors.ts';
import { ProblemSchema } from './common_pb.js';
import { toStatus } from './problem.ts';

/** A call that has ended: how gRPC names its end, `ok` or the code of its error, and how long it took. */
export type ObservedCall = { method: string; grpcCode: 'OK' | keyof typeof Code; code: string; seconds: number };

/** Told of each call once it has ended. */
export type CallObserver = (call: ObservedCall) => void;

/** What `work` comes to; the observer hears of it either way. */
export async function observed<T>(observe: CallObserver | undefined, method: string, work: () => Promise<T>): Promise<T> {
  if (!observe) return work();
  const begun = performance.now();
  let end: Pick<ObservedCall, 'grpcCode' | 'code'> = { grpcCode: 'OK', code: 'ok' };
  try {
    return await work();
  } catch (error) {
    end = { grpcCode: grpcCodeOf(error), code: codeOf(error) };
    throw error;
  } finally {
    observe({ method, ...end, seconds: (performance.now() - begun) / 1000 });
  }
}

/** One of a bounded set, without anything of the message; `internal` for what nobody foresaw. */
export function codeOf(error: unknown): string {
  if (isTypedError(error)) return error.code;
  if (!(error instanceof ConnectError)) return 'internal';
  return error.findDetails(ProblemSchema)[0]?.code ?? codeToString(error.code);
}

/** Also of a call that never left: what the caller was told, in the words of gRPC. */
function grpcCodeOf(error: unknown): keyof typeof Code {
  if (error instanceof ConnectError) return nameOf(error.code);
  if (isTypedError(error) && error.code === 'service_timeout') return 'DeadlineExceeded';
  return nameOf(toStatus(error)?.code ?? Code.Internal);
}

const nameOf = (code: Code) => Code[code] as keyof typeof Code;
