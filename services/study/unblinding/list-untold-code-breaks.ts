import { and, asc, eq, gt, isNull } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollments } from '../enrollments/tables.ts';
import type { CodeBreakReport } from '../types.ts';
import { codeBreaks } from './tables.ts';

type Asked = { after?: string | undefined; codeBreakId?: string | undefined; limit: number };

/** Code-breaks and refused attempts of which nobody has been told yet, oldest first, from `after` on: the outbox. */
export async function listUntoldCodeBreaks({ db }: StudyDeps, { input }: Read<Asked>): Promise<{ items: CodeBreakReport[] }> {
  const { after, codeBreakId, limit } = input;
  const rows = await read(db, (orm) =>
    orm
      .select({ codeBreak: codeBreaks, enrollment: enrollments })
      .from(codeBreaks)
      .innerJoin(enrollments, eq(enrollments.id, codeBreaks.enrollmentId))
      .where(
        and(
          isNull(codeBreaks.toldAt),
          after === undefined ? undefined : gt(codeBreaks.id, after),
          codeBreakId === undefined ? undefined : eq(codeBreaks.id, codeBreakId),
        ),
      )
      .orderBy(asc(codeBreaks.id))
      .limit(limit),
  );
  return {
    items: rows.map(({ codeBreak: { id, result, role, at }, enrollment: { id: enrollmentId, studyId, studyCode, siteId, siteCode, patientId, subjectNumber } }) => (
      { codeBreakId: id, result, role, at: at.toISOString(), about: { enrollmentId, studyId, studyCode, siteId, siteCode, patientId, subjectNumber } }
    )),
  };
}
