import { eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { studies } from '../tables.ts';
import { toStudy } from './to-study.ts';
import type { Study } from '../types.ts';

/** The study with this id, or null. */
export async function getStudy({ db }: StudyDeps, { input }: Read<{ studyId: string }>): Promise<Study | null> {
  const [row] = await read(db, (orm) => orm.select().from(studies).where(eq(studies.id, input.studyId)));
  return row ? toStudy(row) : null;
}
