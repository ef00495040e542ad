import { and, eq, isNull } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { eligibilityDecisions } from './tables.ts';

/** The signed decision that has not been invalidated; a unique index keeps it the only one. */
export async function decisionInForce(tx: Transaction, enrollmentId: string): Promise<typeof eligibilityDecisions.$inferSelect | undefined> {
  const [row] = await statement(
    tx
      .select()
      .from(eligibilityDecisions)
      .where(and(eq(eligibilityDecisions.enrollmentId, enrollmentId), isNull(eligibilityDecisions.invalidatedAt))),
  );
  return row;
}
