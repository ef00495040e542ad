import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ServiceName } from '../../db/provision.ts';
import type { CalleePolicy, PolicyEvent } from '../../services/common/resilience/index.ts';
import type { CallObserver, Caller } from '../../services/common/rpc/index.ts';

export type RpcMetrics = {
  /** Calls of one caller to one callee, each with all its tries; and what its policy does. */
  client(caller: Caller, policy: CalleePolicy): CallObserver;
  /** Calls that a service of this process answers. */
  server(service: ServiceName): CallObserver;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5];
const STATE: Record<CalleePolicy['circuit'], number> = { closed: 0, 'half-open': 1, open: 2 };

/** Calls between services by caller, callee, method and code: a bounded set of series, without ids. */
export function rpcMetrics(registry: Registry): RpcMetrics {
  const registers = [registry];
  const sent = new Counter({ name: 'rpc_client_calls_total', help: 'Calls to services', labelNames: ['caller', 'callee', 'method', 'code'] as const, registers });
  const sentFor = new Histogram({ name: 'rpc_client_duration_seconds', help: 'Time of a call with all its tries', labelNames: ['caller', 'callee'] as const, buckets: BUCKETS, registers });
  const events = new Counter({ name: 'rpc_client_events_total', help: 'Retries, refusals and turns of circuits', labelNames: ['caller', 'callee', 'event'] as const, registers });
  const answered = new Counter({ name: 'rpc_server_calls_total', help: 'Calls answered', labelNames: ['service', 'method', 'code'] as const, registers });
  const answeredFor = new Histogram({ name: 'rpc_server_duration_seconds', help: 'Time of the handler', labelNames: ['service'] as const, buckets: BUCKETS, registers });
  const policies: { caller: Caller; policy: CalleePolicy }[] = [];
  const circuits = new Gauge({
    name: 'rpc_circuit_state',
    help: '0 closed, 1 half-open, 2 open',
    labelNames: ['caller', 'callee'] as const,
    registers: [],
    collect() {
      for (const { caller, policy } of policies) this.set({ caller, callee: policy.callee }, STATE[policy.circuit]);
    },
  });
  registry.registerMetric(circuits);

  return {
    client: (caller, policy) => {
      const { callee } = policy;
      policies.push({ caller, policy });
      policy.onEvent(({ kind }: PolicyEvent) => events.inc({ caller, callee, event: kind }));
      const duration = sentFor.labels({ caller, callee });
      return ({ method, code, seconds }) => {
        sent.inc({ caller, callee, method, code });
        duration.observe(seconds);
      };
    },
    server: (service) => {
      const duration = answeredFor.labels({ service });
      return ({ method, code, seconds }) => {
        answered.inc({ service, method, code });
        duration.observe(seconds);
      };
    },
  };
}
