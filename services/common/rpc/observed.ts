import { ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { isTypedError } from '../errors.ts';
import { ProblemSchema } from './common_pb.js';

/** Told of each call once it has ended: its method, `ok` or the code of its error, and how long it took. */
export type CallObserver = (call: { method: string; code: string; seconds: number }) => void;

/** What `work` comes to; the observer hears of it either way. */
export async function observed<T>(observe: CallObserver | undefined, method: string, work: () => Promise<T>): Promise<T> {
  if (!observe) return work();
  const begun = performance.now();
  let code = 'ok';
  try {
    return await work();
  } catch (error) {
    code = codeOf(error);
    throw error;
  } finally {
    observe({ method, code, seconds: (performance.now() - begun) / 1000 });
  }
}

/** One of a bounded set, without anything of the message; `internal` for what nobody foresaw. */
export function codeOf(error: unknown): string {
  if (isTypedError(error)) return error.code;
  if (!(error instanceof ConnectError)) return 'internal';
  return error.findDetails(ProblemSchema)[0]?.code ?? codeToString(error.code);
}
