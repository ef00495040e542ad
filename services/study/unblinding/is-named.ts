import { and, eq, or } from 'drizzle-orm';
import type { Transaction } from '../../../db/index.ts';
import { unblindingApprovals, unblindings } from './tables.ts';

/** Is this person one of the two by whom this subject was unblinded? */
export async function isNamed(reader: Pick<Transaction, 'select'>, { enrollmentId, userId }: { enrollmentId: string; userId: string }): Promise<boolean> {
  const rows = await reader
    .select({ id: unblindings.id })
    .from(unblindings)
    .innerJoin(unblindingApprovals, eq(unblindingApprovals.unblindingId, unblindings.id))
    .where(and(eq(unblindings.enrollmentId, enrollmentId), or(eq(unblindings.userId, userId), eq(unblindingApprovals.userId, userId))))
    .limit(1);
  return rows.length > 0;
}
