import { undoCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { endCasebook } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import type { UndoStep } from './schemas.ts';

/**
 * Undoes `openCasebook`: the casebook is closed once, never deleted. When it hasn't been opened yet it never will
 * be under that key (`command_cancelled`). `undone` tells whether there was something to undo.
 */
export async function closeCasebook(deps: EdcDeps, { ctx, input }: Call<UndoStep>): Promise<{ undone: boolean }> {
  const { db, clock } = deps;
  const { stepKey: key, enrollmentId, reason } = input;
  const settled = await undoCommand({ db, ledger, verb: 'closeCasebook', key, ctx }, async (tx, _result, audit) => {
    await endCasebook(tx, { db, enrollmentId, reason, now: clock(), audit, status: 'closed' });
  });
  return { undone: settled.tookEffect };
}
