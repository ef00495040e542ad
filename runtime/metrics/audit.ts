import { Counter, Gauge, type Registry } from 'prom-client';
import type { TrailObserver } from '../audit-seals/seal-trails.ts';

/** What becomes of the audit trails: when they were sealed and checked last, and what the check has found. */
export function auditMetrics(registry: Registry): TrailObserver {
  const registers = [registry];
  const labelNames = ['service'] as const;
  const sealed = new Gauge({ name: 'audit_last_sealed_timestamp_seconds', help: 'When the trail was found sealed up to its end', labelNames, registers });
  const checked = new Gauge({ name: 'audit_last_checked_timestamp_seconds', help: 'When a piece of the sealed trail was checked last', labelNames, registers });
  const findings = new Gauge({ name: 'audit_findings', help: 'What the check has found wrong, in this round through the trail and the one before', labelNames, registers });
  const entries = new Counter({ name: 'audit_entries_checked_total', help: 'Sealed entries that were recomputed', labelNames, registers });
  return {
    onSealed: (service, at) => sealed.set({ service }, at.getTime() / 1000),
    onChecked: (service, { at, entries: count, findings: found }) => {
      checked.set({ service }, at.getTime() / 1000);
      entries.inc({ service }, count);
      findings.set({ service }, found);
    },
  };
}
