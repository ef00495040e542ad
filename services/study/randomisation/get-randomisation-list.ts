import { and, asc, eq, gt, or } from 'drizzle-orm';
import { statement, withTransaction, writeAudit } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { enrollments } from '../enrollments/tables.ts';
import type { ListEntry, RandomisationList } from '../types.ts';
import { allocations, randomisationEntries as entries, randomisationLists as lists, randomisationStrata as strata } from './tables.ts';

type Asked = { studyId: string; cursor?: string | undefined; limit: number };
type Listed = { lists: RandomisationList[]; items: ListEntry[]; nextCursor: string | null };

/**
 * A study's randomisation lists with what was taken from them, stratum by stratum in their order, a page at a time.
 * Unblinded: for the role `statistician` only. Each page is audited (who took it, when) in the transaction that reads
 * it: without the audit row nothing is shown. The cursor is the last entry's id, `{stratum's id}.{position}`.
 */
export async function getRandomisationList({ db }: StudyDeps, { ctx, input }: Read<Asked>): Promise<Listed> {
  const { studyId, cursor, limit } = input;
  const [stratumId = '', position = '0'] = cursor?.split('.') ?? [];
  const after = or(gt(entries.stratumId, stratumId), and(eq(entries.stratumId, stratumId), gt(entries.position, Number(position))));
  const [known, rows] = await withTransaction(db, async (tx) => {
    const entry = { action: 'R', entity: 'randomisation_list', entityId: studyId, after: { cursor: cursor ?? null, limit } } as const;
    const [listed, page] = await Promise.all([
      statement(tx.select().from(lists).where(eq(lists.studyId, studyId)).orderBy(asc(lists.protocolVersionId))),
      statement(
        tx
          .select({ entry: entries, stratum: strata.key, allocation: allocations, subjectNumber: enrollments.subjectNumber })
          .from(entries)
          .innerJoin(strata, eq(strata.id, entries.stratumId))
          .innerJoin(lists, eq(lists.protocolVersionId, strata.protocolVersionId))
          .leftJoin(allocations, and(eq(allocations.stratumId, entries.stratumId), eq(allocations.position, entries.position)))
          .leftJoin(enrollments, eq(enrollments.id, allocations.enrollmentId))
          .where(and(eq(lists.studyId, studyId), cursor === undefined ? undefined : after))
          .orderBy(asc(entries.stratumId), asc(entries.position))
          .limit(limit + 1),
      ),
      writeAudit(tx, { db, ledger, verb: 'getRandomisationList', ctx }, [entry]),
    ]);
    return [listed, page] as const;
  });
  const items = rows.slice(0, limit).map(({ entry, stratum, allocation, subjectNumber }) => ({
    id: `${entry.stratumId}.${entry.position}`,
    stratum,
    position: entry.position,
    block: entry.block,
    arm: entry.arm,
    allocationId: allocation?.id ?? null,
    enrollmentId: allocation?.enrollmentId ?? null,
    subjectNumber,
    at: allocation?.at.toISOString() ?? null,
  }));
  return {
    lists: known.map(({ protocolVersionId, method, seed }) => ({ protocolVersionId, method, seed })),
    items,
    nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
  };
}
