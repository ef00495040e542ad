import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';

/** Requests that run when the process ends may finish for so long. */
const DRAIN_MS = 3000;

/** A request that is longer, or comes in drops, is given up (408, 431): it would hold a connection for as long as it likes. */
const LIMITS = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 } as const;

export type HttpServer = {
  /** `http://host:port` */
  url: string;
  /** Takes no new connection, lets running requests finish for at most 3 s. */
  stop(): Promise<void>;
};

/** Serves a fetch handler over HTTP/1.1. Throws what listening throws, e.g. EADDRINUSE. */
export async function listenHttp(fetch: (request: Request) => Response | Promise<Response>, at: { host: string; port: number }): Promise<HttpServer> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const starting = serve({ fetch, hostname: at.host, port: at.port, serverOptions: LIMITS }, () => resolve(starting));
    starting.once('error', reject);
  });
  return { url: urlOf(server.address() as AddressInfo), stop: () => closeServer(server) };
}

export function urlOf({ address, port }: AddressInfo): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
