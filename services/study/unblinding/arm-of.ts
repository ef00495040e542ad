import { and, eq } from 'drizzle-orm';
import type { Transaction } from '../../../db/index.ts';
import { allocations, randomisationEntries } from '../randomisation/tables.ts';

export type Assigned = { allocationId: string; arm: string; randomisedAt: string };

/** The arm that the list gives this enrollment, or null before its allocation. Whoever calls this has decided who may know. */
export async function armOf(reader: Pick<Transaction, 'select'>, enrollmentId: string): Promise<Assigned | null> {
  const ofAllocation = and(eq(randomisationEntries.stratumId, allocations.stratumId), eq(randomisationEntries.position, allocations.position));
  const [row] = await reader
    .select({ allocationId: allocations.id, arm: randomisationEntries.arm, at: allocations.at })
    .from(allocations)
    .innerJoin(randomisationEntries, ofAllocation)
    .where(eq(allocations.enrollmentId, enrollmentId));
  return row ? { allocationId: row.allocationId, arm: row.arm, randomisedAt: row.at.toISOString() } : null;
}
