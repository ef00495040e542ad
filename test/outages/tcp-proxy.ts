import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type Direction, type Faults, gate } from './faulty-way.ts';

/** A server on 127.0.0.1 that others reach through this port, until it is cut. */
export type TcpProxy = {
  /** Stays the same over cuts. */
  port: number;
  /** What has come from clients since the start: connections, and bytes in them, also those that were not passed on. */
  readonly seen: { readonly connections: number; readonly bytes: number };
  /** Connections of clients that neither side has ended. */
  readonly open: number;
  /** Breaks every connection and refuses new ones, as when the server's process is gone. */
  cut(): Promise<void>;
  /** Keeps every connection and passes nothing on in either direction, as when a network swallows packets. */
  hush(): void;
  /** The server's side of every connection is gone, of which the client hears nothing; new connections are passed on. */
  orphan(): void;
  /** What passes in a direction arrives so many milliseconds later, until told otherwise. */
  slow(direction: Direction, ms: number): void;
  /** One time: the connection is broken once so many more bytes have passed in a direction; with 0 by the next one, which is lost. */
  breakAfter(direction: Direction, bytes: number, how?: 'reset' | 'end'): void;
  /** Lets traffic through again, to `port` from now on when it is given. */
  restore(port?: number): Promise<void>;
  stop(): Promise<void>;
};

/** Passes bytes between its port and the server's. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const faults: Faults = { slowMs: { toServer: 0, toClient: 0 }, breaks: {} };
  const seen = { connections: 0, bytes: 0 };
  let target = targetPort;
  let hushed = false;
  let server: Server | null = null;
  let port = 0;

  const accept = (near: Socket) => {
    const far = connect(target, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    seen.connections += 1;
    near.on('data', (chunk: Buffer) => (seen.bytes += chunk.length));
    for (const [from, to, direction] of [[near, far, 'toServer'], [far, near, 'toClient']] as const) {
      from.setNoDelay();
      from.pipe(gate(direction, faults, (how) => (how === 'reset' ? near.resetAndDestroy() : near.destroy()))).pipe(to);
      // A broken half breaks the other; 'close' follows on every error.
      from.on('error', () => undefined);
      from.once('close', () => {
        if (!orphans.has(from)) to.destroy();
        if (from === near) pairs.delete(pair);
      });
    }
    if (hushed) quiet(pair);
  };
  const orphans = new WeakSet<Socket>();
  const quiet = ([near, far]: [Socket, Socket]) => {
    near.unpipe().pause();
    far.unpipe().pause();
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
    seen,
    get open() {
      return pairs.size;
    },
    cut,
    hush: () => {
      hushed = true;
      for (const pair of pairs) quiet(pair);
    },
    orphan: () => {
      for (const [near, far] of pairs) {
        orphans.add(far);
        // What the client sends is read and lost, so that its end of the connection is noticed.
        near.unpipe().resume();
        far.unpipe().destroy();
      }
    },
    slow: (direction, ms) => {
      faults.slowMs[direction] = ms;
    },
    breakAfter: (direction, bytes, how = 'reset') => {
      faults.breaks[direction] = { left: bytes, how };
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
