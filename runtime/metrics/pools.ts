import { Counter, Gauge, type Registry } from 'prom-client';
import type { ServiceDatabase } from '../../db/index.ts';

/** Connections to PostgreSQL of each service in this process, as far as they are wanted; read from memory. */
export function poolMetrics(registry: Registry, databases: readonly ServiceDatabase[]): void {
  const labelNames = ['schema'] as const;
  const gauge = (name: string, help: string, valueOf: (pool: ServiceDatabase['pool']) => number) =>
    registry.registerMetric(new Gauge({
      name, help, labelNames, registers: [],
      collect() {
        for (const { schema, pool } of databases) this.set({ schema }, valueOf(pool));
      },
    }));
  gauge('db_pool_connections_max', 'Connections that the pool opens at most', ({ size }) => size);
  gauge('db_pool_connections_in_use', 'Connections that statements and transactions have', ({ size, wanted }) => Math.min(size, wanted));
  gauge('db_pool_waiting', 'Statements and transactions that wait for a connection, or share one', ({ size, wanted }) => Math.max(0, wanted - size));
  const counted = new Map<string, number>();
  const operations = new Counter({
    name: 'db_operations_total', help: 'Transactions, and statements outside of them', labelNames, registers: [],
    collect() {
      for (const { schema, pool } of databases) {
        this.inc({ schema }, pool.begun - (counted.get(schema) ?? 0));
        counted.set(schema, pool.begun);
      }
    },
  });
  registry.registerMetric(operations);
}
