import { and, asc, eq, gt, isNull } from 'drizzle-orm';
import { read, runCommand, statement } from '../../../db/index.ts';
import type { Call, Incident, Read, Untold } from '../../common/index.ts';
import { ledger, type PatientDeps } from '../deps.ts';
import { emergencyAccesses } from './tables.ts';

/** Emergency accesses of which nobody has been told yet, oldest first, from `after` on: the outbox. */
export async function listUntoldBreakGlass({ db }: PatientDeps, { input: { after, limit } }: Read<Untold>): Promise<{ items: Incident[] }> {
  const rows = await read(db, (orm) =>
    orm
      .select()
      .from(emergencyAccesses)
      .where(and(isNull(emergencyAccesses.toldAt), after === undefined ? undefined : gt(emergencyAccesses.id, after)))
      .orderBy(asc(emergencyAccesses.id))
      .limit(limit),
  );
  return { items: rows.map(({ id, patientId, role, at }) => ({ incidentId: id, kind: 'break_glass', about: patientId, role, at: at.toISOString(), count: 1 })) };
}

/** Marks an emergency access as told. Repeating it changes nothing. */
export async function markBreakGlassTold({ db, clock }: PatientDeps, { ctx, key, input }: Call<{ incidentId: string }>): Promise<{ incidentId: string }> {
  const { incidentId } = input;
  return runCommand({ db, ledger, verb: 'markBreakGlassTold', key, content: input, ctx }, async (tx, audit) => {
    const toldAt = clock();
    const told = await statement(
      tx.update(emergencyAccesses).set({ toldAt }).where(and(eq(emergencyAccesses.id, incidentId), isNull(emergencyAccesses.toldAt))).returning({ id: emergencyAccesses.id }),
    );
    if (told.length > 0) audit({ action: 'U', entity: 'emergency_access', entityId: incidentId, before: { toldAt: null }, after: { toldAt } });
    return { incidentId };
  });
}
