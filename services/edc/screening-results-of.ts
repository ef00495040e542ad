import { desc, eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import type { Screening } from './schemas.ts';
import { resultCells } from './sealed-rows.ts';
import { screeningResults, screenings } from './tables.ts';

const MAX_RESULTS = 1000;

/**
 * An enrollment's screening with its entries, newest first, or null when none was ever opened. At most 1000: the
 * current ones always, then the newest of those that were replaced.
 */
export async function screeningResultsOf(
  { db }: EdcDeps,
  { input: { enrollmentId } }: Read<{ enrollmentId: string }>,
): Promise<Screening | null> {
  const [[screening], rows] = await Promise.all([
    read(db, (orm) => orm.select().from(screenings).where(eq(screenings.enrollmentId, enrollmentId))),
    read(db, (orm) =>
      orm
        .select({ result: screeningResults })
        .from(screeningResults)
        .innerJoin(screenings, eq(screenings.id, screeningResults.screeningId))
        .where(eq(screenings.enrollmentId, enrollmentId))
        .orderBy(desc(screeningResults.current), desc(screeningResults.entry))
        .limit(MAX_RESULTS),
    ),
  ]);
  if (!screening) return null;
  const reasoned = rows.some(({ result }) => result.reason !== null);
  const key = (await read(db, (orm) => db.vault.keysOf(orm, reasoned ? [enrollmentId] : []))).get(enrollmentId);
  const { id: screeningId, status, consentSignedAt, items } = screening;
  const newestFirst = rows.map(({ result }) => result).toSorted((a, b) => b.entry - a.entry);
  return {
    screeningId,
    status,
    consentSignedAt: consentSignedAt.toISOString(),
    // Entries count from 1 without gaps, and the results are of one statement: this is how many those results are of.
    revision: newestFirst[0]?.entry ?? 0,
    items,
    results: newestFirst.map(({ id, item, value, unit, performedAt, standardOfCare, reason, enteredAt, enteredBy, current }) => ({
      item,
      value,
      unit,
      performedAt: performedAt.toISOString(),
      standardOfCare,
      reason: resultCells(key, id).open('reason', reason),
      enteredAt: enteredAt.toISOString(),
      enteredBy,
      current,
    })),
  };
}
