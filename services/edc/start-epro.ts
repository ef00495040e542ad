import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { isClosedAsUndone, lockedCasebook } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { dataCollectionStopped, eproExists } from './errors.ts';
import { ledger } from './ledger.ts';
import { planEpro } from './plan.ts';
import { protocolAndSite } from './protocol-and-site.ts';
import { restartEpro } from './reopen.ts';
import type { StartEpro } from './schemas.ts';
import { eproSchedules } from './tables.ts';
import { writeForms } from './write-plan.ts';

/**
 * Switches on the diaries that the protocol version plans, at wall-clock times of the site; `forms` is how many.
 * A schedule that was switched off with an undone enrollment is switched on again, dated anew. Errors otherwise:
 * `epro_schedule_exists` under another key, `data_collection_stopped` once the casebook is locked or closed for another
 * reason, `command_cancelled` after its `stopEpro`.
 */
export async function startEpro(
  deps: EdcDeps,
  { ctx, key, input }: Call<StartEpro>,
): Promise<{ eproScheduleId: string; forms: number }> {
  const { db, clock } = deps;
  const { anchorAt, ...identity } = input;
  const { body, timezone } = await protocolAndSite(deps, { ctx, ...identity });
  const planned = planEpro(body, { anchorAt, timezone });
  return runCommand({ db, ledger, verb: 'startEpro', key, content: input, ctx }, async (tx, audit) => {
    // A start that comes late, after a withdrawal from all data collection, must not ask the participant again.
    const casebook = await lockedCasebook(tx, { db, enrollmentId: input.enrollmentId });
    // One that was closed with an undone enrollment is about to be opened again: the two steps run side by side.
    if (casebook && casebook.status !== 'open' && !isClosedAsUndone(casebook)) throw dataCollectionStopped();
    const eproScheduleId = uuidv7();
    const inserted = await statement(
      tx
        .insert(eproSchedules)
        .values({ id: eproScheduleId, ...identity, status: 'on', timezone, startedAt: clock() })
        .onConflictDoNothing({ target: eproSchedules.enrollmentId })
        .returning({ id: eproSchedules.id }),
    );
    if (inserted.length === 0) {
      const restartedId = await restartEpro(tx, { db, input, timezone, planned, audit });
      if (restartedId === undefined) throw eproExists();
      return { eproScheduleId: restartedId, forms: planned.length };
    }
    await writeForms(tx, eproScheduleId, planned);
    audit({ action: 'C', entity: 'epro_schedule', entityId: eproScheduleId, after: { ...input, timezone, forms: planned } });
    return { eproScheduleId, forms: planned.length };
  });
}
