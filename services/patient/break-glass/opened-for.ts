import { and, desc, eq, gt } from 'drizzle-orm';
import { withTransaction, writeAudit } from '../../../db/index.ts';
import type { Ctx } from '../../common/index.ts';
import { ledger, type PatientDeps } from '../deps.ts';
import { emergencyAccesses } from './tables.ts';

/**
 * Is this person's record open to the caller by an emergency access? Each use is written to the audit trail before
 * anything is shown, marked with the access: when that can't be written, nothing is shown.
 */
export async function openedFor({ db, clock }: PatientDeps, { ctx, patientId, operation }: { ctx: Ctx; patientId: string; operation: string }): Promise<boolean> {
  const { actor } = ctx;
  if (actor.kind !== 'user') return false;
  return withTransaction(db, async (tx) => {
    const [open] = await tx
      .select({ id: emergencyAccesses.id })
      .from(emergencyAccesses)
      .where(and(eq(emergencyAccesses.userId, actor.id), eq(emergencyAccesses.patientId, patientId), gt(emergencyAccesses.until, clock())))
      .orderBy(desc(emergencyAccesses.id))
      .limit(1);
    if (!open) return false;
    const entry = { action: 'R', entity: 'patient', entityId: patientId, owner: patientId, after: { breakGlassId: open.id, operation } } as const;
    await writeAudit(tx, { db, ledger, verb: 'openedFor', ctx }, [entry]);
    return true;
  });
}
