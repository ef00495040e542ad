import { runCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { endCasebook } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';

/** Takes no more entries from now on. `locked` is false when there is no casebook, or it is closed already. */
export async function lockCasebook(
  deps: EdcDeps,
  { ctx, key, input }: Call<{ enrollmentId: string; reason: string }>,
): Promise<{ locked: boolean }> {
  const { db, clock } = deps;
  return runCommand({ db, ledger, verb: 'lockCasebook', key, content: input, ctx }, async (tx, audit) => {
    const status = await endCasebook(tx, { db, ...input, now: clock(), audit, status: 'locked' });
    return { locked: status === 'locked' };
  });
}
