import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A server on 127.0.0.1 that others reach through this port, until it is cut. */
export type TcpProxy = {
  /** Stays the same over cuts. */
  port: number;
  /** Breaks every connection and refuses new ones, as when the server's process is gone. */
  cut(): Promise<void>;
  /** Keeps every connection and passes nothing on in either direction, as when a network swallows packets. */
  hush(): void;
  /** Lets traffic through again, to `port` from now on when it is given. */
  restore(port?: number): Promise<void>;
  stop(): Promise<void>;
};

/** Passes bytes between its port and the server's. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let target = targetPort;
  let hushed = false;
  let server: Server | null = null;
  let port = 0;

  const accept = (near: Socket) => {
    const far = connect(target, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.setNoDelay();
      from.pipe(to);
      // A broken half breaks the other; 'close' follows on every error.
      from.on('error', () => undefined);
      from.once('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
    if (hushed) quiet(pair);
  };
  const quiet = ([near, far]: [Socket, Socket]) => {
    near.unpipe(far).pause();
    far.unpipe(near).pause();
  };
  const breakAll = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  };
  const open = async () => {
    server = createServer(accept).listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const cut = async () => {
    const closing = server;
    server = null;
    const closed = closing ? once(closing, 'close') : null;
    closing?.close();
    breakAll();
    await closed;
  };
  await open();
  return {
    port,
    cut,
    hush: () => {
      hushed = true;
      for (const pair of pairs) quiet(pair);
    },
    restore: async (to = target) => {
      target = to;
      if (hushed) {
        hushed = false;
        // What was swallowed is lost: such connections can only be broken.
        breakAll();
      }
      if (!server) await open();
    },
    stop: cut,
  };
}

/** The same URL, through a proxy. */
export function through(url: string, proxy: TcpProxy): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(proxy.port);
  return changed.href;
}
