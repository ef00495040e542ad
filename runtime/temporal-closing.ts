import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/** CANCELLED of gRPC: the client does not try it again. */
const CANCELLED = 1;

/**
 * The client (1.24) tries a call again from a timer; when the connection has been closed meanwhile, gRPC throws there
 * and the process ends. Such a call comes out as cancelled instead.
 */
export const openWhileClosing: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    if (!/shut ?down|closed/i.test((error as Error).message)) throw error;
    return closedCall();
  }
};

function closedCall(): Call {
  const status = (metadata: unknown) => ({ code: CANCELLED, details: 'the connection has been closed', metadata });
  const call = {
    start: (metadata: unknown, listener?: { onReceiveMessage?(message: unknown): void; onReceiveStatus?(status: unknown): void }) => {
      setImmediate(() => {
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.(status(metadata));
      });
    },
    sendMessage: () => undefined,
    sendMessageWithContext: () => undefined,
    startRead: () => undefined,
    halfClose: () => undefined,
    cancelWithStatus: () => undefined,
    getPeer: () => 'closed',
    getAuthContext: () => null,
  };
  return call as unknown as Call;
}
