import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { notRandomised } from '../errors.ts';
import { ledger } from '../ledger.ts';
import type { NewUnblinding } from '../schemas.ts';
import { unblindingCells, unblindingOwner } from '../sealed-rows.ts';
import { enrollments } from '../enrollments/tables.ts';
import type { Unblinding } from '../types.ts';
import { written } from '../written.ts';
import { armOf } from './arm-of.ts';
import { personOf } from './person-of.ts';
import { readUnblinding } from './read-unblinding.ts';
import { unblindings } from './tables.ts';

/**
 * Asks for a subject or the whole study to be unblinded without an emergency: nothing is unblinded before somebody else
 * approves (ICH E6(R3) 4.1.4). Throws `study_not_found`, `enrollment_not_found` (also for one of another study),
 * `not_randomised`.
 */
export async function requestUnblinding({ db, clock }: StudyDeps, { ctx, key, input }: Call<NewUnblinding & { studyId: string }>): Promise<Unblinding> {
  const { studyId, scope, reason } = input;
  const enrollmentId = input.enrollmentId ?? null;
  const by = personOf(ctx.actor);
  const { unblindingId } = await runCommand({ db, ledger, verb: 'requestUnblinding', key, content: input, ctx: { ...ctx, reason } }, async (tx, audit) => {
    if (enrollmentId !== null) {
      const [[record], assigned] = await Promise.all([
        statement(tx.select({ studyId: enrollments.studyId }).from(enrollments).where(eq(enrollments.id, enrollmentId))),
        statement(armOf(tx, enrollmentId)),
      ]);
      if (record?.studyId !== studyId) throw notFound('enrollment');
      if (!assigned) throw notRandomised();
    }
    const id = uuidv7();
    const said = unblindingCells(await db.vault.keyFor(tx, unblindingOwner({ enrollmentId })), id).seal('reason', reason);
    await written(tx.insert(unblindings).values({ id, studyId, scope, enrollmentId, reason: said, ...by, at: clock() }));
    audit({ action: 'C', entity: 'unblinding', entityId: id, after: { studyId, scope, enrollmentId } });
    return { unblindingId: id };
  });
  return readUnblinding(db, { unblindingId, approved: false });
}
