import { sql } from 'drizzle-orm';
import { type DataStep, sealColumns } from './data-steps.ts';
import type { Vault } from './encryption/vault.ts';

/** What the audit rows of before have to have done to them: one value of texts, sealed for whom the row is about. */
export function sealAuditStep(at: { schema: string; vault: Vault }): DataStep {
  return {
    rewritten: ['audit_entries'],
    run: (tx) => sealColumns(tx, at, { table: 'audit_entries', columns: ['details'], row: sql`id`, owner: sql`owner` }),
  };
}
