import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import type { NewDeviation } from '../schemas.ts';
import { deviationCells } from '../sealed-rows.ts';
import { deviations } from './tables.ts';

/**
 * Logs a protocol deviation. The enrollment's record need not be there yet: the first deviation may be about
 * the consent (domain: consent in detail), before a subject number is given.
 */
export async function logDeviation(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewDeviation & { enrollmentId: string }>,
): Promise<{ deviationId: string }> {
  return runCommand({ db, ledger, verb: 'logDeviation', key, content: input, ctx }, async (tx, audit) => {
    const { enrollmentId, category, severity } = input;
    const id = uuidv7();
    const cells = deviationCells(await db.vault.keyFor(tx, enrollmentId), id);
    const description = cells.seal('description', input.description);
    await statement(
      tx.insert(deviations).values({ id, enrollmentId, category, severity, description, actor: ctx.actor, at: clock() }),
    );
    audit({ action: 'C', entity: 'deviation', entityId: id, after: input });
    return { deviationId: id };
  });
}
