import { constants, createSecureServer, createServer, type Http2SecureServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { ServiceName } from '../../db/provision.ts';
import { urlOf } from '../listen.ts';
import { MAX_MESSAGE_BYTES } from './channels.ts';
import { Health } from '../../services/common/rpc/standard/health_pb.js';
import { healthOf } from './health.ts';
import { reflectionOf } from './reflection.ts';
import { MUTUAL, type RpcTls } from './tls.ts';
import { descriptorOf, type Hosted, routesOf } from './routes.ts';

/** Calls that run when the process ends may finish for so long. */
const DRAIN_MS = 3000;

/** After that callers are told so; one that doesn't take it loses its connection. */
const CANCEL_MS = 200;

/** The longest deadline that can be configured: a call that has more is refused as invalid. */
const MAX_TIMEOUT_MS = 86_400_000;

/**
 * In MiB: answers that a connection's peer has not taken yet. With less than that free, Node refuses new calls on it
 * (10 by default: three long lists would be enough).
 */
const MAX_SESSION_MEMORY = 256;

export type GrpcServer = {
  /** `http://host:port`, or `https:` with TLS. */
  url: string;
  /** Says NOT_SERVING, takes no new call, lets those that run finish for at most 3 s. */
  stop(): Promise<void>;
};

/** The services of this process over gRPC (HTTP/2, with mutual TLS where there are certificates), with health and reflection. */
export async function startGrpcServer(options: Hosted & { listen: { host: string; port: number }; tls?: RpcTls | undefined }): Promise<GrpcServer> {
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
    writeMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    shutdownSignal: ended.signal,
  });
  const settings = { settings: { maxConcurrentStreams: 1000 }, maxSessionMemory: MAX_SESSION_MEMORY };
  const { tls } = options;
  const server = tls ? createSecureServer({ ...settings, ...tls, ...MUTUAL, requestCert: true }, adapter) : createServer(settings, adapter);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const sockets = new Set<Socket>();
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const streams = new Set<ServerHttp2Stream>();
  server.on('stream', (stream: ServerHttp2Stream) => {
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
  });
  const address = await listening(server, options.listen);
  return {
    url: tls ? urlOf(address).replace(/^http:/, 'https:') : urlOf(address),
    stop: async () => {
      health.end();
      await closed(server, {
        sessions,
        cancel: () => {
          ended.abort();
          // A stream that ends with its session may end without an error, which the caller would not take for an end.
          for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
        },
        // The sockets, too: a session that is closed already would wait for its peer, which may have gone without a word.
        destroy: () => [...sessions, ...sockets].forEach((one) => one.destroy()),
      });
    },
  };
}

function listening(server: Http2Server | Http2SecureServer, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

type Closing = { sessions: Set<ServerHttp2Session>; cancel: () => void; destroy: () => void };

/** GOAWAY to everybody, then the end of whatever still runs. */
function closed(server: Http2Server | Http2SecureServer, { sessions, cancel, destroy }: Closing): Promise<void> {
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = [];
    timers.push(setTimeout(cancel, DRAIN_MS));
    timers.push(setTimeout(destroy, DRAIN_MS + CANCEL_MS));
    server.close(() => {
      timers.forEach(clearTimeout);
      resolve();
    });
    for (const session of sessions) session.close();
  });
}
