import { eq, inArray } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import type { Belongs } from '../../common/authority/index.ts';
import { enrollments } from '../enrollments/tables.ts';
import { codeBreaks } from '../unblinding/tables.ts';

const UUID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
/** What the ids of our workflows are made of; test/temporal-codec holds them against those that make them. */
const OF_PERSON = new RegExp(`^enrollment/([^/]+)/${UUID}$`);
const OF_ENROLLMENT = new RegExp(`^withdrawal/${UUID}$`);
const OF_CODE_BREAK = new RegExp(`^code-break/${UUID}$`);
const OF_NOBODY = new RegExp(`^incident/${UUID}$`);

type Row = { id: string; studyId: string; studyCode: string; siteId: string; siteCode: string; patientId: string };

/**
 * What each of these workflows belongs to, by its id: to every enrollment of the person in the study (an id is used again
 * when somebody is screened anew, maybe elsewhere), or to no participant. Nothing for an id that tells nothing.
 */
export async function belongingsOf(tx: Transaction, workflowIds: readonly string[]): Promise<Map<string, Belongs[]>> {
  const { id, studyId, studyCode, siteId, siteCode, patientId } = enrollments;
  const columns = { id, studyId, studyCode, siteId, siteCode, patientId };
  const found = (pattern: RegExp, group: number) => workflowIds.flatMap((one) => pattern.exec(one)?.[group] ?? []);
  const [persons, ids, breaks] = [found(OF_PERSON, 2), found(OF_ENROLLMENT, 1), found(OF_CODE_BREAK, 1)];
  const [byPerson, byId, byBreak] = await Promise.all([
    persons.length === 0 ? [] : statement(tx.select(columns).from(enrollments).where(inArray(patientId, persons))),
    ids.length === 0 ? [] : statement(tx.select(columns).from(enrollments).where(inArray(id, ids))),
    breaks.length === 0
      ? []
      : statement(tx.select({ ...columns, codeBreakId: codeBreaks.id }).from(codeBreaks).innerJoin(enrollments, eq(enrollments.id, codeBreaks.enrollmentId)).where(inArray(codeBreaks.id, breaks))),
  ]);
  const belongingOf = (workflowId: string): Belongs[] => {
    const [, code, person] = OF_PERSON.exec(workflowId) ?? [];
    if (person !== undefined) return byPerson.filter((row) => row.patientId === person && row.studyCode === code).map(belongs);
    const [, enrollmentId] = OF_ENROLLMENT.exec(workflowId) ?? [];
    if (enrollmentId !== undefined) return byId.filter((row) => row.id === enrollmentId).map(belongs);
    const [, codeBreakId] = OF_CODE_BREAK.exec(workflowId) ?? [];
    if (codeBreakId !== undefined) return byBreak.filter((row) => row.codeBreakId === codeBreakId).map(belongs);
    return OF_NOBODY.test(workflowId) ? [{}] : [];
  };
  return new Map(workflowIds.map((workflowId) => [workflowId, belongingOf(workflowId)]));
}

const belongs = ({ studyId, siteId, siteCode, patientId }: Row): Belongs => ({ studyId, siteIds: [siteId], siteCode, patientId });
