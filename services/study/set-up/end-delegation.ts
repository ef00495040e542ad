import { and, eq } from 'drizzle-orm';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { delegations } from '../tables.ts';

/** Ends a delegation now; one that was ended before keeps its first end. Throws `delegation_not_found`. */
export async function endDelegation(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<{ studyId: string; delegationId: string }>,
): Promise<{ delegationId: string }> {
  return runCommand({ db, ledger, verb: 'endDelegation', key, content: input, ctx }, async (tx, audit) => {
    const { studyId, delegationId } = input;
    const [known] = await statement(
      tx
        .select({ endedAt: delegations.endedAt })
        .from(delegations)
        .where(and(eq(delegations.id, delegationId), eq(delegations.studyId, studyId)))
        .for('update'),
    );
    if (!known) throw notFound('delegation');
    if (known.endedAt === null) {
      const endedAt = clock();
      await statement(tx.update(delegations).set({ endedAt }).where(eq(delegations.id, delegationId)));
      audit({ action: 'U', entity: 'delegation', entityId: delegationId, before: { endedAt: null }, after: { endedAt } });
    }
    return { delegationId };
  });
}
