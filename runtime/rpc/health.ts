import { EventEmitter, once } from 'node:events';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../services/common/rpc/standard/health_pb.js';

/** Streams that a process keeps open at most; each costs a connection of somebody who watches. */
const MAX_WATCHES = 100;

export type HealthState = {
  routes(router: ConnectRouter): void;
  /** The process takes no more calls: NOT_SERVING from now on, which is the last that those who watch are told. */
  end(): void;
};

/**
 * `grpc.health.v1` (gRPC Health Checking Protocol): of each service by its full name, and of the whole server by the
 * empty name.
 */
export function healthOf(serviceNames: readonly string[]): HealthState {
  const changes = new EventEmitter().setMaxListeners(MAX_WATCHES + 1);
  let status = Status.SERVING;
  const statusOf = (service: string) => (service === '' || serviceNames.includes(service) ? status : undefined);

  return {
    end: () => {
      status = Status.NOT_SERVING;
      changes.emit('end');
    },
    routes: (router) => {
      router.service(Health, {
        check: ({ service }) => {
          const now = statusOf(service);
          if (now === undefined) throw new ConnectError(`no service ${service}`, Code.NotFound);
          return { status: now };
        },
        list: () => ({ statuses: Object.fromEntries(['', ...serviceNames].map((name) => [name, { status }])) }),
        watch: async function* ({ service }, { signal }) {
          if (changes.listenerCount('end') >= MAX_WATCHES) throw new ConnectError('too many watch already', Code.ResourceExhausted);
          const ended = status === Status.SERVING ? once(changes, 'end', { signal }) : undefined;
          yield { status: statusOf(service) ?? Status.SERVICE_UNKNOWN };
          try {
            await ended;
          } catch (error) {
            // Whoever watched has gone.
            if (signal.aborted) return;
            throw error;
          }
          if (ended) yield { status: statusOf(service) ?? Status.SERVICE_UNKNOWN };
        },
      });
    },
  };
}
