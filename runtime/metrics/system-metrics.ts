import type { Registry } from 'prom-client';
import type { Exposed } from '../../api/metrics.ts';
import type { ServiceDatabase } from '../../db/index.ts';
import type { OpsEngine } from '../../ops/engine/engine.ts';
import type { TrailObserver } from '../audit-seals/seal-trails.ts';
import type { Secrets } from '../keys.ts';
import { type RpcMetrics, rpcMetrics } from '../rpc/metrics.ts';
import type { RpcTls } from '../rpc/tls.ts';
import type { Services } from '../services.ts';
import { auditMetrics } from './audit.ts';
import { showKeys } from './keys.ts';
import { poolMetrics } from './pools.ts';
import { processMetrics } from './process.ts';
import { showQueues } from './queues.ts';
import { sampling } from './sampled.ts';
import { coreMetrics } from './temporal-core.ts';
import { showTrial, type TrialMetrics, trialMetrics } from './trial.ts';

export type SystemMetrics = {
  rpc: RpcMetrics;
  trial: TrialMetrics;
  trails: TrailObserver;
  /** What `/metrics` shows, with what is shown from then on. */
  exposed: Exposed;
  /** Has the state of these shown as well, once they are there; queues where there is an engine to ask. */
  show(parts: { databases: readonly ServiceDatabase[]; services: Partial<Services>; secrets: Secrets; tls?: RpcTls | undefined; engine?: OpsEngine }): void;
};

/** Everything that a process counts and shows. */
export function systemMetrics(registry: Registry, freshForMs?: number): SystemMetrics {
  const sampled = sampling(registry, freshForMs);
  return {
    rpc: rpcMetrics(registry),
    trial: trialMetrics(registry),
    trails: auditMetrics(registry),
    exposed: { registries: [registry, processMetrics()], temporalCore: coreMetrics() },
    show: ({ databases, services, secrets, tls, engine }) => {
      poolMetrics(registry, databases);
      showTrial(sampled, services);
      showKeys(sampled, { secrets, tls });
      if (engine) showQueues(sampled, engine);
    },
  };
}
