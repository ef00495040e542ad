import { eq } from 'drizzle-orm';
import { statement, type Transaction } from '../../db/index.ts';
import { screenings } from './tables.ts';

/** An enrollment's screening, unchanging until the transaction ends: its results are entered one call after the other. */
export async function lockedScreening(tx: Transaction, enrollmentId: string) {
  const [screening] = await statement(
    tx.select().from(screenings).where(eq(screenings.enrollmentId, enrollmentId)).for('update'),
  );
  return screening;
}
