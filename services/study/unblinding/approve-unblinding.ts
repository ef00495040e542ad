import { and, eq } from 'drizzle-orm';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { alreadyApproved, approvesOwnRequest, unblindingExpired } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { writeMilestone } from '../enrollments/record.ts';
import { enrollments } from '../enrollments/tables.ts';
import { approvalCells, unblindingOwner } from '../sealed-rows.ts';
import type { Unblinding } from '../types.ts';
import { personOf } from './person-of.ts';
import { readUnblinding } from './read-unblinding.ts';
import { unblindingApprovals, unblindings } from './tables.ts';
import { isExpired } from './to-unblinding.ts';

type Asked = { studyId: string; unblindingId: string; reason?: string | undefined };

/**
 * The second person's word, by which the subject or the study is unblinded from then on, for good. A subject's goes
 * into its timeline in the same transaction. Throws `unblinding_not_found`, `approves_own_request`,
 * `unblinding_expired` (seven days after the request), `already_approved`.
 */
export async function approveUnblinding({ db, clock }: StudyDeps, { ctx, key, input }: Call<Asked>): Promise<Unblinding> {
  const { studyId, unblindingId, reason } = input;
  const by = personOf(ctx.actor);
  await runCommand({ db, ledger, verb: 'approveUnblinding', key, content: input, ctx: { ...ctx, reason } }, async (tx, audit) => {
    // The request's row is locked: of two who approve at once the second finds the first's approval.
    const [request] = await statement(
      tx.select().from(unblindings).where(and(eq(unblindings.id, unblindingId), eq(unblindings.studyId, studyId))).for('update'),
    );
    if (!request) throw notFound('unblinding');
    if (request.userId === by.userId) throw approvesOwnRequest();
    const [known] = await statement(tx.select().from(unblindingApprovals).where(eq(unblindingApprovals.unblindingId, unblindingId)));
    if (known) throw alreadyApproved();
    const now = clock();
    if (isExpired(request, now)) throw unblindingExpired();
    const cells = approvalCells(await db.vault.keyToSeal(tx, unblindingOwner(request), [reason]), unblindingId);
    await statement(tx.insert(unblindingApprovals).values({ unblindingId, ...by, reason: cells.seal('reason', reason ?? null), at: now }));
    const { scope, enrollmentId } = request;
    if (enrollmentId !== null) {
      const [record] = await statement(tx.select({ stage: enrollments.stage }).from(enrollments).where(eq(enrollments.id, enrollmentId)));
      if (!record) throw notFound('enrollment');
      const details = { unblindingId, category: 'OTHER EVENT', emergency: false };
      await writeMilestone(tx, { enrollmentId, at: now, event: 'TREATMENT UNBLINDED', stage: record.stage, actor: ctx.actor, details });
    }
    audit({ action: 'E', entity: 'unblinding', entityId: unblindingId, after: { studyId, scope, enrollmentId, requestedBy: request.userId } });
    return { unblindingId };
  });
  return readUnblinding(db, { unblindingId, approved: true });
}
