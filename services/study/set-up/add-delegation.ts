import { uuidv7 } from 'uuidv7';
import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import type { NewDelegation } from '../schemas.ts';
import { delegations } from '../tables.ts';
import { written } from '../written.ts';

/** Adds a line to a site's delegation log: who may do which tasks, from when, until just before when. Throws `study_not_found`. */
export async function addDelegation(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewDelegation & { studyId: string }>,
): Promise<{ delegationId: string }> {
  return runCommand({ db, ledger, verb: 'addDelegation', key, content: input, ctx }, async (tx, audit) => {
    const { studyId, siteId, userId, tasks, from, to } = input;
    const id = uuidv7();
    await written(
      tx.insert(delegations).values({
        id,
        studyId,
        siteId,
        userId,
        tasks,
        validFrom: new Date(from),
        validTo: to === undefined ? null : new Date(to),
        createdAt: clock(),
      }),
    );
    audit({ action: 'C', entity: 'delegation', entityId: id, after: input });
    return { delegationId: id };
  });
}
