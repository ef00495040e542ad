import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** CommandComplete of a COMMIT, and ReadyForQuery outside a transaction (PostgreSQL protocol 3.0, message formats). */
const COMMITTED = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
const IDLE = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** Cuts the connection that commits this key's transaction: the server has committed, its answer never arrives. */
type Cut = { marker: string; commitsLeft: number; done: boolean };

export type PostgresProxy = {
  /** The same URL as the real one, by way of this proxy. */
  url: string;
  /** Arms one cut: of the `nth` commit in which `marker` (a command's key) has been sent to the server. */
  cutAfterCommit(marker: string, nth?: number): Cut;
  stop(): Promise<void>;
};

/** A TCP proxy on loopback, before a real PostgreSQL, that can lose the answer to a COMMIT. */
export async function startPostgresProxy(url: string): Promise<PostgresProxy> {
  const target = new URL(url);
  const cuts: Cut[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    relay({ client, upstream, cuts });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      // A broken connection is this proxy's trade; 'close' follows and ends the other half.
      socket.on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    cutAfterCommit: (marker, nth = 1) => {
      const cut = { marker, commitsLeft: nth, done: false };
      cuts.push(cut);
      return cut;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function relay({ client, upstream, cuts }: { client: Socket; upstream: Socket; cuts: Cut[] }): void {
  let carries: Cut | undefined;
  let sent = '';
  let answered: Buffer = Buffer.alloc(0);
  client.on('data', (chunk) => {
    // Latin-1 keeps one character a byte; the end of the last chunk is kept in case the key was split.
    sent = sent.slice(-300) + chunk.toString('latin1');
    carries ??= cuts.find((cut) => !cut.done && sent.includes(cut.marker));
    upstream.write(chunk);
  });
  upstream.on('data', (chunk) => {
    answered = Buffer.concat([answered.subarray(-COMMITTED.length + 1), chunk]);
    if (carries && !carries.done && answered.includes(COMMITTED)) {
      carries.commitsLeft -= 1;
      if (carries.commitsLeft === 0) {
        carries.done = true;
        client.destroy();
        upstream.destroy();
        return;
      }
    }
    if (chunk.includes(IDLE)) {
      carries = undefined;
      sent = '';
      answered = Buffer.alloc(0);
    }
    client.write(chunk);
  });
}
