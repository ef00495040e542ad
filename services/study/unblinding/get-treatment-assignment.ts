import { eq } from 'drizzle-orm';
import { statement, type Transaction, withTransaction, writeAudit } from '../../../db/index.ts';
import { type Actor, notFound, type Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { stillBlinded } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { enrollments } from '../enrollments/tables.ts';
import type { TreatmentAssignment } from '../types.ts';
import { armOf } from './arm-of.ts';
import { isNamed } from './is-named.ts';
import { isStudyUnblinded } from './is-study-unblinded.ts';

/** Unblinded by their task: the pharmacist hands out, the statistician keeps the list. */
const UNBLINDED: readonly string[] = ['pharmacist', 'statistician'];

/**
 * The arm of one subject, for unblinded roles; for others once the study was unblinded by two persons, and for those
 * two once the subject was (ICH E6(R3) 2.6, 4.1.4). Audited in the same transaction: when the audit row can't be
 * written, nothing is shown. Throws `enrollment_not_found`, `still_blinded`, `treatment_assignment_not_found`.
 */
export async function getTreatmentAssignment(
  { db }: StudyDeps,
  { ctx, input: { enrollmentId } }: Read<{ enrollmentId: string }>,
): Promise<TreatmentAssignment> {
  return withTransaction(db, async (tx) => {
    const [record] = await statement(
      tx.select({ studyId: enrollments.studyId, subjectNumber: enrollments.subjectNumber }).from(enrollments).where(eq(enrollments.id, enrollmentId)),
    );
    if (!record) throw notFound('enrollment');
    // Before the arm is even read: an error can't tell what was not looked up.
    if (!(await mayKnow(tx, ctx.actor, { enrollmentId, studyId: record.studyId }))) throw stillBlinded();
    const assigned = await armOf(tx, enrollmentId);
    if (!assigned) throw notFound('treatment_assignment');
    const { allocationId, arm, randomisedAt } = assigned;
    const entry = { action: 'R', entity: 'treatment_assignment', entityId: enrollmentId, after: { allocationId } } as const;
    await writeAudit(tx, { db, ledger, verb: 'getTreatmentAssignment', ctx }, [entry]);
    return { enrollmentId, subjectNumber: record.subjectNumber, allocationId, arm, randomisedAt };
  });
}

async function mayKnow(tx: Transaction, actor: Actor, of: { enrollmentId: string; studyId: string }): Promise<boolean> {
  if (actor.kind !== 'user') return false;
  if (UNBLINDED.includes(actor.role)) return true;
  return (await isStudyUnblinded(tx, of.studyId)) || isNamed(tx, { enrollmentId: of.enrollmentId, userId: actor.id });
}
