import type { ServiceName } from '../../db/provision.ts';
import { hostedBy, PARTS, queuesOf } from '../../runtime/part.ts';
import { startSystem, type System, type SystemOptions } from '../../runtime/system.ts';

/** What tests use of a running system; `parts` are where each of its processes says how it is. */
export type Running = Pick<System, 'url' | 'client' | 'channels' | 'stop'> & { workers: Pick<System['workers'], 'finished'>; parts: string[] };

/**
 * The parts of a split system, each with its own connections, database role and gRPC server, reaching each other over
 * HTTP/2 on loopback as separate processes do. They share this process, so that a test can hold and fail steps in it.
 */
export async function startSplit(options: SystemOptions): Promise<Running> {
  const { auth, queues, ...common } = options;
  const peers: Partial<Record<ServiceName, string>> = {};
  const parts = await Promise.all(
    PARTS.map(async (part) => {
      const hosted = hostedBy(part);
      const system = await startSystem({
        ...common,
        peers,
        hosted,
        queues: queuesOf(part).filter((queue) => !queues || queues.includes(queue)),
        ...(part === 'api' && auth ? { auth } : {}),
        ...(part === 'notification' ? {} : { mail: undefined }),
        ...(hosted.length > 0 ? { listenGrpc: { host: '127.0.0.1', port: 0 } } : {}),
      });
      for (const name of hosted) peers[name] = system.grpc!.url;
      return { part, system };
    }),
  );
  const edge = parts.find(({ part }) => part === 'api')!.system;
  return {
    url: edge.url,
    parts: parts.map(({ system }) => system.url),
    client: edge.client,
    channels: edge.channels,
    workers: { finished: Promise.all(parts.map(({ system }) => system.workers.finished)).then(() => undefined) },
    stop: async () => {
      await edge.stop();
      await Promise.all(parts.map(async ({ system }) => (system === edge ? undefined : system.stop())));
    },
  };
}
