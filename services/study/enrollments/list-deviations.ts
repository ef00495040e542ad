import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { type Page, type Read, toPage } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { deviationCells } from '../sealed-rows.ts';
import { deviations } from './tables.ts';
import type { Deviation } from '../types.ts';

/** One page of an enrollment's deviations, newest first. */
export async function listDeviations(
  { db }: StudyDeps,
  { input }: Read<{ enrollmentId: string; cursor?: string | undefined; limit: number }>,
): Promise<Page<Deviation>> {
  const { enrollmentId, cursor, limit } = input;
  const { rows, key } = await read(db, async (orm) => {
    const found = await orm
      .select()
      .from(deviations)
      .where(and(eq(deviations.enrollmentId, enrollmentId), cursor === undefined ? undefined : lt(deviations.id, cursor)))
      .orderBy(desc(deviations.id))
      .limit(limit + 1);
    const keys = await db.vault.keysOf(orm, found.length > 0 ? [enrollmentId] : []);
    return { rows: found, key: keys.get(enrollmentId) };
  });
  return toPage(
    rows.map(({ at, description, ...row }) => ({
      ...row,
      description: deviationCells(key, row.id).open('description', description) ?? '',
      deviationId: row.id,
      at: at.toISOString(),
    })),
    limit,
  );
}
