import { eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { studies } from '../tables.ts';
import { toStudy } from './to-study.ts';
import type { Study } from '../types.ts';

/** The study with this code, or null. */
export async function getStudyByCode({ db }: StudyDeps, { input }: Read<{ code: string }>): Promise<Study | null> {
  const [row] = await read(db, (orm) => orm.select().from(studies).where(eq(studies.code, input.code)));
  return row ? toStudy(row) : null;
}
