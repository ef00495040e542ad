import { eq } from 'drizzle-orm';
import { statement, together, undoCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import { lockedScreening } from './locked-screening.ts';
import type { UndoStep } from './schemas.ts';
import { screeningCells } from './sealed-rows.ts';
import { screenings } from './tables.ts';

/**
 * Undoes `openScreening`: the forms are closed once, never deleted, and keep their results (domain step 3). When
 * they haven't been opened yet they never will be under that key (`command_cancelled`). `undone` tells whether there
 * was something to undo.
 */
export async function closeScreening(deps: EdcDeps, { ctx, input }: Call<UndoStep>): Promise<{ undone: boolean }> {
  const { db, clock } = deps;
  const { stepKey: key, enrollmentId, reason } = input;
  const settled = await undoCommand({ db, ledger, verb: 'closeScreening', key, ctx }, async (tx, _result, audit) => {
    const [screening, dataKey] = await together([lockedScreening(tx, enrollmentId), db.vault.keyFor(tx, enrollmentId)]);
    if (screening?.status !== 'open') return;
    const { id, status } = screening;
    const statusReason = screeningCells(dataKey, id).seal('status_reason', reason);
    await statement(
      tx.update(screenings).set({ status: 'closed', statusReason, closedAt: clock() }).where(eq(screenings.id, id)),
    );
    audit({ action: 'U', entity: 'screening', entityId: id, before: { status }, after: { status: 'closed', reason } });
  });
  return { undone: settled.tookEffect };
}
