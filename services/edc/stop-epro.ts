import { undoCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { endEpro } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import type { UndoStep } from './schemas.ts';

/**
 * Undoes `startEpro`: the schedule is switched off once, never deleted. When it hasn't started yet it never will
 * under that key (`command_cancelled`). `undone` tells whether there was something to undo.
 */
export async function stopEpro(deps: EdcDeps, { ctx, input }: Call<UndoStep>): Promise<{ undone: boolean }> {
  const { db, clock } = deps;
  const { stepKey: key, enrollmentId, reason } = input;
  const settled = await undoCommand({ db, ledger, verb: 'stopEpro', key, ctx }, async (tx, _result, audit) => {
    await endEpro(tx, { db, enrollmentId, reason, now: clock(), audit });
  });
  return { undone: settled.tookEffect };
}
