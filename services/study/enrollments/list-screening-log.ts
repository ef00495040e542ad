import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { type Page, type Read, toPage } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { logLineCells } from '../sealed-rows.ts';
import { screeningLog, screeningRefusals } from './tables.ts';
import type { ScreeningLogLine } from '../types.ts';

type Asked = { studyId: string; siteId: string; cursor?: string | undefined; limit: number };
const NOBODY = { enrollmentId: null, subjectNumber: null, closedAt: null, outcome: null, reason: null };

/** One page of a site's screening log, newest first: who has a subject number, and who never signed (ICH E6(R3) C.3). */
export async function listScreeningLog({ db }: StudyDeps, { input }: Read<Asked>): Promise<Page<ScreeningLogLine>> {
  const { studyId, siteId, cursor, limit } = input;
  const [opened, refused, keys] = await read(db, async (orm) => {
    const { enrollmentId } = screeningLog;
    const before = (id: typeof enrollmentId | typeof screeningRefusals.id) => (cursor === undefined ? undefined : lt(id, cursor));
    const [numbered, unnamed] = await Promise.all([
      orm
        .select()
        .from(screeningLog)
        .where(and(eq(screeningLog.studyId, studyId), eq(screeningLog.siteId, siteId), before(enrollmentId)))
        .orderBy(desc(enrollmentId))
        .limit(limit + 1),
      orm
        .select()
        .from(screeningRefusals)
        .where(and(eq(screeningRefusals.studyId, studyId), eq(screeningRefusals.siteId, siteId), before(screeningRefusals.id)))
        .orderBy(desc(screeningRefusals.id))
        .limit(limit + 1),
    ]);
    const reasoned = numbered.filter(({ reason }) => reason !== null).map((line) => line.enrollmentId);
    return [numbered, unnamed, await db.vault.keysOf(orm, reasoned)] as const;
  });
  const all: ScreeningLogLine[] = [
    ...opened.map(({ enrollmentId, subjectNumber, openedAt, closedAt, outcome, reason: sealed }) => {
      const reason = logLineCells(keys.get(enrollmentId), enrollmentId).open('reason', sealed);
      return { id: enrollmentId, at: openedAt.toISOString(), enrollmentId, subjectNumber, closedAt: closedAt?.toISOString() ?? null, outcome, reason, refused: null };
    }),
    ...refused.map(({ id, at, reason }) => ({ ...NOBODY, id, at: at.toISOString(), refused: reason })),
  ];
  return toPage(all.toSorted((a, b) => (a.id < b.id ? 1 : -1)), limit);
}
