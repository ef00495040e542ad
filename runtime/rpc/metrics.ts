import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { exemplar } from '../../api/exemplar.ts';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { type CalleePolicy, POLICY_EVENTS, type PolicyEvent } from '../../services/common/resilience/index.ts';
import type { CallObserver, Caller } from '../../services/common/rpc/index.ts';
import { boundedValues } from '../metrics/bounded-values.ts';
import { descriptorOf } from './routes.ts';

export type RpcMetrics = {
  /** Calls of one caller to one callee, each with all its tries; and what its policy does. */
  client(caller: Caller, policy: CalleePolicy): CallObserver;
  /** Calls that a service of this process answers. */
  server(service: ServiceName): CallObserver;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5];
const STATE: Record<CalleePolicy['circuit'], number> = { closed: 0, 'half-open': 1, open: 2 };
/** There are some hundred codes of errors; a peer of another version may have some more. */
const MOST_PROBLEMS = 300;

const CALL = ['grpc_service', 'grpc_method', 'grpc_code'] as const;
const CALLED = ['caller', ...CALL] as const;

/** Calls between services, under the names and labels that gRPC's own tools give them: a bounded set of series, without ids. */
export function rpcMetrics(registry: Registry): RpcMetrics {
  const registers = [registry];
  const sent = new Counter({ name: 'grpc_client_handled_total', help: 'Calls to services, each with all its tries', labelNames: CALLED, registers });
  const sentFor = new Histogram({ name: 'grpc_client_handling_seconds', help: 'Time of a call with all its tries', labelNames: CALLED, buckets: BUCKETS, registers, enableExemplars: true });
  const events = new Counter({ name: 'grpc_client_policy_events_total', help: 'Retries, refusals and turns of circuits', labelNames: ['caller', 'grpc_service', 'event'] as const, registers });
  const answered = new Counter({ name: 'grpc_server_handled_total', help: 'Calls answered', labelNames: CALL, registers });
  const answeredFor = new Histogram({ name: 'grpc_server_handling_seconds', help: 'Time of the handler', labelNames: CALL, buckets: BUCKETS, registers, enableExemplars: true });
  const problems = new Counter({ name: 'grpc_problems_total', help: 'Calls that ended with an error, by its own code', labelNames: ['side', 'grpc_service', 'problem'] as const, registers });
  const problemOf = boundedValues(MOST_PROBLEMS);
  const policies: { caller: Caller; policy: CalleePolicy }[] = [];
  const circuits = new Gauge({
    name: 'grpc_client_circuit_state',
    help: '0 closed, 1 half-open, 2 open',
    labelNames: ['caller', 'grpc_service'] as const,
    registers: [],
    collect() {
      for (const { caller, policy } of policies) this.set({ caller, grpc_service: nameOf(policy.callee) }, STATE[policy.circuit]);
    },
  });
  registry.registerMetric(circuits);
  const problem = (side: 'client' | 'server', grpc_service: string, code: string) => {
    if (code !== 'ok') problems.inc({ side, grpc_service, problem: problemOf(code) });
  };

  return {
    client: (caller, policy) => {
      const grpc_service = nameOf(policy.callee);
      policies.push({ caller, policy });
      // From 0 on, so that also the first one shows as a rise.
      for (const event of POLICY_EVENTS) events.inc({ caller, grpc_service, event }, 0);
      policy.onEvent(({ kind }: PolicyEvent) => events.inc({ caller, grpc_service, event: kind }));
      return ({ method, grpcCode, code, seconds }) => {
        const labels = { caller, grpc_service, grpc_method: method, grpc_code: grpcCode };
        sent.inc(labels);
        sentFor.observe({ labels, value: seconds, ...exemplar() });
        problem('client', grpc_service, code);
      };
    },
    server: (service) => {
      const grpc_service = nameOf(service);
      return ({ method, grpcCode, code, seconds }) => {
        const labels = { grpc_service, grpc_method: method, grpc_code: grpcCode };
        answered.inc(labels);
        answeredFor.observe({ labels, value: seconds, ...exemplar() });
        problem('server', grpc_service, code);
      };
    },
  };
}

function nameOf(callee: string): string {
  const service = SERVICES.find((name) => name === callee);
  return service ? descriptorOf(service).typeName : callee;
}
