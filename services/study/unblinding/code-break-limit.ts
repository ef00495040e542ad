import { and, desc, eq, min, ne, sql } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { codeBreaks } from './tables.ts';

/** So many subjects one person may unblind within an hour: an emergency, not a way round the blinding (21 CFR 11.300(d)). */
export const CODE_BREAK_LIMIT = { subjects: 5, withinMs: 3_600_000 } as const;

type Asked = { userId: string; enrollmentId: string; now: Date };

/**
 * From when on this person may break the code of this subject, or null: at once. A subject counts from the first time
 * on; seeing it again is free. The caller holds the person's lock.
 */
export async function refusedUntil(tx: Transaction, { userId, enrollmentId, now }: Asked): Promise<Date | null> {
  const { subjects, withinMs } = CODE_BREAK_LIMIT;
  const broken = and(eq(codeBreaks.userId, userId), eq(codeBreaks.result, 'broken'));
  const first = min(codeBreaks.at);
  const since = new Date(now.getTime() - withinMs).toISOString();
  const [again, counted] = await Promise.all([
    statement(tx.select({ id: codeBreaks.id }).from(codeBreaks).where(and(broken, eq(codeBreaks.enrollmentId, enrollmentId))).limit(1)),
    statement(
      tx
        .select({ first })
        .from(codeBreaks)
        .where(and(broken, ne(codeBreaks.enrollmentId, enrollmentId)))
        .groupBy(codeBreaks.enrollmentId)
        .having(sql`${first} > ${since}::timestamptz`)
        .orderBy(desc(first))
        .limit(subjects),
    ),
  ]);
  const oldest = counted[subjects - 1]?.first;
  return again.length > 0 || !oldest ? null : new Date(oldest.getTime() + withinMs);
}
