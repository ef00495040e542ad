import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { lockedCasebook } from './change-status.ts';
import type { EdcDeps } from './deps.ts';
import { dataCollectionStopped, eproExists } from './errors.ts';
import { ledger } from './ledger.ts';
import { planEpro } from './plan.ts';
import { protocolAndSite } from './protocol-and-site.ts';
import type { StartEpro } from './schemas.ts';
import { eproForms, eproSchedules } from './tables.ts';

/**
 * Switches on the diaries that the protocol version plans, at wall-clock times of the site; `forms` is how many.
 * Errors: `epro_schedule_exists` under another key, `data_collection_stopped` once the casebook is locked or
 * closed, `command_cancelled` after `stopEpro`.
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
    const casebook = await lockedCasebook(tx, input.enrollmentId);
    if (casebook && casebook.status !== 'open') throw dataCollectionStopped();
    const eproScheduleId = uuidv7();
    const inserted = await statement(
      tx
        .insert(eproSchedules)
        .values({ id: eproScheduleId, ...identity, status: 'on', timezone, startedAt: clock() })
        .onConflictDoNothing({ target: eproSchedules.enrollmentId })
        .returning({ id: eproSchedules.id }),
    );
    if (inserted.length === 0) throw eproExists();
    if (planned.length > 0) {
      const rows = planned.map((form, position) => ({ id: uuidv7(), scheduleId: eproScheduleId, position, ...form }));
      await statement(tx.insert(eproForms).values(rows));
    }
    audit({ action: 'C', entity: 'epro_schedule', entityId: eproScheduleId, after: { ...input, timezone, forms: planned } });
    return { eproScheduleId, forms: planned.length };
  });
}
