import { asc, eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { milestoneCells } from '../sealed-rows.ts';
import { milestones } from './tables.ts';
import type { TimelineItem } from '../types.ts';

/** A workflow takes at most 500 messages and has some 20 steps: no enrollment gets near this. */
const MAX_ITEMS = 2000;

/** What happened to an enrollment, in the order in which it was recorded; `at` is when it took place. */
export async function enrollmentTimeline(
  { db }: StudyDeps,
  { input }: Read<{ enrollmentId: string }>,
): Promise<{ items: TimelineItem[] }> {
  const { rows, key } = await read(db, async (orm) => {
    const found = await orm
      .select()
      .from(milestones)
      .where(eq(milestones.enrollmentId, input.enrollmentId))
      .orderBy(asc(milestones.id))
      .limit(MAX_ITEMS);
    const keys = await db.vault.keysOf(orm, found.filter(({ words }) => words !== null).map(({ enrollmentId }) => enrollmentId));
    return { rows: found, key: keys.get(input.enrollmentId) };
  });
  return {
    items: rows.map(({ id, at, event, stage, actor, details, words }) => {
      const said = milestoneCells(key, id).open('words', words);
      return { at: at.toISOString(), event, stage, actor, details: said === null ? details : { ...details, ...(JSON.parse(said) as object) } };
    }),
  };
}
