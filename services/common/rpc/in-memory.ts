import type { Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import type { Handler } from './serve.ts';

/**
 * The way to services of the same process: the handlers that a server would call, with the same messages and headers,
 * but without bytes and a connection in between. (Connect's own in-memory transport goes through HTTP requests made in
 * memory, which takes about as long as a read of the database.) The deadline is the caller's policy's to keep.
 */
export function inMemoryTransport(handlers: (service: string) => Record<string, Handler> | undefined): Transport {
  return {
    async unary(method, _signal, timeoutMs, header, input) {
      const handler = handlers(method.parent.typeName)?.[method.localName];
      if (!handler) throw new ConnectError(`${method.parent.typeName}/${method.name} is not here`, Code.Unimplemented);
      const call = { requestHeader: header as Headers, timeoutMs: () => timeoutMs };
      const message = await handler(input as Message, call);
      return { stream: false, service: method.parent, method, header: new Headers(), trailer: new Headers(), message: message as never };
    },
    stream: () => Promise.reject(new ConnectError('services have no streams', Code.Unimplemented)),
  };
}
