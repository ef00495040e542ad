import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { ServiceName } from '../../db/provision.ts';
import { urlOf } from '../listen.ts';
import { MAX_MESSAGE_BYTES } from './channels.ts';
import { Health } from '../../services/common/rpc/standard/health_pb.js';
import { healthOf } from './health.ts';
import { reflectionOf } from './reflection.ts';
import { descriptorOf, type Hosted, routesOf } from './routes.ts';

/** Calls that run when the process ends may finish for so long. */
const DRAIN_MS = 3000;

/** Whatever a caller asks for, a call doesn't run longer. */
const MAX_TIMEOUT_MS = 60_000;

export type GrpcServer = {
  /** `http://host:port` */
  url: string;
  /** Says NOT_SERVING, takes no new call, lets those that run finish for at most 3 s. */
  stop(): Promise<void>;
};

/** The services of this process over gRPC (HTTP/2 without TLS), with health and reflection. */
export async function startGrpcServer(options: Hosted & { listen: { host: string; port: number } }): Promise<GrpcServer> {
  const descriptors = (Object.keys(options.services) as ServiceName[]).map(descriptorOf);
  const health = healthOf(descriptors.map(({ typeName }) => typeName));
  const ended = new AbortController();
  const adapter = connectNodeAdapter({
    routes: (router) => {
      routesOf(options)(router);
      health.routes(router);
      reflectionOf([...descriptors, Health])(router);
    },
    connect: false,
    grpcWeb: false,
    acceptCompression: [],
    readMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    shutdownSignal: ended.signal,
  });
  const server = createServer({ settings: { maxConcurrentStreams: 1000 } }, adapter);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const address = await listening(server, options.listen);
  return {
    url: urlOf(address),
    stop: async () => {
      health.end();
      await closed(server, { sessions, onLate: () => ended.abort() });
    },
  };
}

function listening(server: Http2Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** GOAWAY to everybody, then the end of whatever still runs. */
function closed(server: Http2Server, { sessions, onLate }: { sessions: Set<ServerHttp2Session>; onLate: () => void }): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      onLate();
      for (const session of sessions) session.destroy();
    }, DRAIN_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const session of sessions) session.close();
  });
}
