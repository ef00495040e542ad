import { desc, getTableColumns, sql } from 'drizzle-orm';
import { statement, withTransaction } from '../../../db/index.ts';
import { type Page, type Read, toPage } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { keepIndexOrder, MAX_PAIRS, newestIds, placesOf } from './enrollment-page.ts';
import { scopeTooWide } from '../errors.ts';
import { enrollments } from './tables.ts';
import { toRecords } from './to-record.ts';
import type { EnrollmentRecord, ListEnrollments } from '../types.ts';

/**
 * One page of the enrollments that the filters and the caller's scope leave, newest first. `awaiting` is what is
 * awaited. A page costs the same however many enrollments there are. Throws `scope_too_wide`.
 */
export async function listEnrollments({ db }: StudyDeps, { input }: Read<ListEnrollments>): Promise<Page<EnrollmentRecord>> {
  const places = placesOf(input);
  if (!places) return { items: [], nextCursor: null };
  if ((places.studies?.length ?? 1) * (places.sites?.length ?? 1) > MAX_PAIRS) throw scopeTooWide(MAX_PAIRS);
  const ids = newestIds(input, { ...places, limit: input.limit + 1 });
  const records = await withTransaction(db, async (tx) => {
    await keepIndexOrder(tx);
    const rows = await statement(
      tx
        .select(getTableColumns(enrollments))
        .from(enrollments)
        .innerJoin(sql`(${ids}) as newest`, sql`newest.id = ${enrollments.id}`)
        .orderBy(desc(enrollments.id)),
    );
    return toRecords(db, tx, rows);
  });
  return toPage(records, input.limit);
}
