import { eq } from 'drizzle-orm';
import { runCommand, statement, together } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { endCasebook, endEpro, lockedCasebook, lockedEpro } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { ledger } from './ledger.ts';
import type { WithdrawalScope } from './schemas.ts';
import { eproSchedules } from './tables.ts';

export type StoppedDataCollection = { casebook: 'locked' | 'kept' | 'none'; epro: 'off' | 'kept' | 'none' };

/**
 * Applies a withdrawal after the pivot. `all_data_collection` locks the casebook and switches ePRO off;
 * `interventions` and `samples` keep both, safety and follow-up go on. Accrued data are always kept (FDA 2008
 * guidance). `none`: there is none, or the casebook was closed as opened in vain.
 */
export async function stopDataCollection(
  deps: EdcDeps,
  { ctx, key, input }: Call<{ enrollmentId: string; scope: WithdrawalScope; reason: string }>,
): Promise<StoppedDataCollection> {
  const { db, clock } = deps;
  const { enrollmentId, scope, reason } = input;
  return runCommand({ db, ledger, verb: 'stopDataCollection', key, content: input, ctx }, async (tx, audit) => {
    if (scope === 'all_data_collection') {
      // Both before the data key is made, as whoever ends one of them does: otherwise two could wait for each other.
      await together([lockedCasebook(tx, { db, enrollmentId }), lockedEpro(tx, { db, enrollmentId })]);
      const change = { db, enrollmentId, reason, now: clock(), audit };
      const casebook = await endCasebook(tx, { ...change, status: 'locked' });
      const epro = await endEpro(tx, change);
      return { casebook: casebook === 'locked' ? 'locked' : 'none', epro: epro ? 'off' : 'none' };
    }
    const casebook = await lockedCasebook(tx, { db, enrollmentId });
    const [epro] = await statement(
      tx
        .select({ status: eproSchedules.status })
        .from(eproSchedules)
        .where(eq(eproSchedules.enrollmentId, enrollmentId)),
    );
    return {
      casebook: casebook && casebook.status !== 'closed' ? 'kept' : 'none',
      epro: epro?.status === 'on' ? 'kept' : 'none',
    };
  });
}
