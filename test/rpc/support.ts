import type { ServiceName } from '../../db/provision.ts';
import { openChannels, type Channels, type ChannelsOptions } from '../../runtime/rpc/channels.ts';
import { type GrpcServer, startGrpcServer } from '../../runtime/rpc/grpc-server.ts';
import { freshServiceKeys, type ServiceKeys } from '../../runtime/rpc/keys.ts';
import type { RpcMetrics } from '../../runtime/rpc/metrics.ts';
import type { Services } from '../../runtime/services.ts';
import type { Actor, Ctx } from '../../services/common/index.ts';

export const DOCTOR: Actor = { kind: 'user', id: 'doctor-1', name: '李 Müller', role: 'investigator' };
export const ctx: Ctx = { actor: DOCTOR, requestId: 'rpc-test' };

export type OverHttp2 = {
  server: GrpcServer;
  keys: ServiceKeys;
  /** How it is reached, for channels of more callers. */
  reach: ChannelsOptions;
  channels: Channels;
  /** Errors that nobody foresaw, as the server's log would have them. */
  unexpected: unknown[];
  stop(): Promise<void>;
};

type Options = {
  services: Partial<Services>;
  deadlineMs?: number;
  circuitOpenMs?: number;
  metrics?: RpcMetrics;
  /** The services hold what the edge asks against the policy, as they do everywhere but here. */
  guarded?: boolean;
};

/** Services that let the edge do everything for everybody: what it may ask for whom has tests of its own (test/authority). */
export function openToTheEdge(services: Partial<Services>): Partial<Services> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { ...service, authorise: async () => undefined }])) as Partial<Services>;
}

/** These services behind a real gRPC server on loopback, and the channels of somebody who calls them from elsewhere. */
export async function overHttp2({ services, deadlineMs = 5000, circuitOpenMs = 30_000, metrics, guarded = false }: Options): Promise<OverHttp2> {
  const keys = await freshServiceKeys();
  const unexpected: unknown[] = [];
  const onUnexpected = (_method: string, error: unknown) => void unexpected.push(error);
  const server = await startGrpcServer({ services: guarded ? services : openToTheEdge(services), keys, onUnexpected, metrics, listen: { host: '127.0.0.1', port: 0 } });
  const peers = Object.fromEntries((Object.keys(services) as ServiceName[]).map((name) => [name, server.url]));
  const reach = { services: {}, peers, serviceKeys: keys, callDeadlineMs: deadlineMs, edgeDeadlineMs: deadlineMs, circuitOpenMs };
  const channels = openChannels(reach);
  return {
    server,
    keys,
    reach,
    channels,
    unexpected,
    stop: async () => {
      channels.close();
      await server.stop();
    },
  };
}
