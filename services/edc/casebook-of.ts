import { asc, eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import type { Casebook, EproSchedule } from './schemas.ts';
import { casebooks, eproForms, eproSchedules, visits } from './tables.ts';

/** More visits or forms than any protocol version may plan. */
const MAX_PLANNED = 1000;

/** An enrollment's casebook with its visits and ePRO schedule, or null when none was ever opened. */
export async function casebookOf(
  deps: EdcDeps,
  { input: { enrollmentId } }: Read<{ enrollmentId: string }>,
): Promise<Casebook | null> {
  const { db } = deps;
  const [[casebook], planned, epro] = await Promise.all([
    read(db, (orm) => orm.select().from(casebooks).where(eq(casebooks.enrollmentId, enrollmentId))),
    read(db, (orm) =>
      orm
        .select({ visit: visits })
        .from(visits)
        .innerJoin(casebooks, eq(casebooks.id, visits.casebookId))
        .where(eq(casebooks.enrollmentId, enrollmentId))
        .orderBy(asc(visits.position))
        .limit(MAX_PLANNED),
    ),
    eproOf(deps, enrollmentId),
  ]);
  if (!casebook) return null;
  const { id: casebookId, status, subjectNumber, protocolVersionId, timezone } = casebook;
  return {
    casebookId,
    status,
    subjectNumber,
    protocolVersionId,
    timezone,
    visits: planned.map(({ visit: { code, anchor, visitOffset, visitWindow, forms, plannedDate, windowFrom, windowTo } }) => ({
      code,
      anchor,
      offset: visitOffset,
      window: visitWindow,
      forms,
      plannedDate,
      windowFrom,
      windowTo,
    })),
    epro,
  };
}

async function eproOf({ db }: EdcDeps, enrollmentId: string): Promise<EproSchedule | null> {
  const rows = await read(db, (orm) =>
    orm
      .select({ schedule: eproSchedules, form: eproForms })
      .from(eproSchedules)
      .leftJoin(eproForms, eq(eproForms.scheduleId, eproSchedules.id))
      .where(eq(eproSchedules.enrollmentId, enrollmentId))
      .orderBy(asc(eproForms.position))
      .limit(MAX_PLANNED),
  );
  const [first] = rows;
  if (!first) return null;
  const { id: eproScheduleId, status, timezone } = first.schedule;
  const forms = rows.flatMap(({ form: row }) => {
    if (!row) return [];
    const { form, every, at, firstDate, lastDate } = row;
    return [{ form, every, at, firstDate, lastDate }];
  });
  return { eproScheduleId, status, timezone, forms };
}
