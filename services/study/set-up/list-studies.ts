import { and, desc, inArray, lt } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { type Page, type Read, toPage } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { studies } from '../tables.ts';
import { toStudy } from './to-study.ts';
import type { Study } from '../types.ts';

/** One page of the studies, newest first; with `studyIds` only of these (the caller's scope). */
export async function listStudies(
  { db }: StudyDeps,
  { input }: Read<{ studyIds?: string[] | undefined; cursor?: string | undefined; limit: number }>,
): Promise<Page<Study>> {
  const { studyIds, cursor, limit } = input;
  const where = and(studyIds && inArray(studies.id, studyIds), cursor === undefined ? undefined : lt(studies.id, cursor));
  const rows = await read(db, (orm) =>
    orm
      .select()
      .from(studies)
      .where(where)
      .orderBy(desc(studies.id))
      .limit(limit + 1),
  );
  return toPage(rows.map(toStudy), limit);
}
