import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import { casebookExists } from './errors.ts';
import { ledger } from './ledger.ts';
import { planVisits } from './plan.ts';
import { protocolAndSite } from './protocol-and-site.ts';
import type { OpenCasebook } from './schemas.ts';
import { casebooks, visits } from './tables.ts';

/**
 * Opens a participant's casebook with the visits that the protocol version plans, dated in the site's time zone;
 * `visits` is how many. One per enrollment: `casebook_exists` under another key. An attempt that arrives after
 * `closeCasebook` is refused with `command_cancelled`.
 */
export async function openCasebook(
  deps: EdcDeps,
  { ctx, key, input }: Call<OpenCasebook>,
): Promise<{ casebookId: string; visits: number }> {
  const { db, clock } = deps;
  const { anchorAt, ...identity } = input;
  const { body, timezone } = await protocolAndSite(deps, { ctx, ...identity });
  const planned = planVisits(body, { anchorAt, timezone });
  return runCommand({ db, ledger, verb: 'openCasebook', key, content: input, ctx }, async (tx, audit) => {
    const casebookId = uuidv7();
    const inserted = await statement(
      tx
        .insert(casebooks)
        .values({ id: casebookId, ...identity, status: 'open', timezone, openedAt: clock() })
        .onConflictDoNothing({ target: casebooks.enrollmentId })
        .returning({ id: casebooks.id }),
    );
    if (inserted.length === 0) throw casebookExists();
    if (planned.length > 0) {
      await statement(
        tx.insert(visits).values(
          planned.map(({ offset: visitOffset, window: visitWindow, ...visit }, position) => ({
            id: uuidv7(),
            casebookId,
            position,
            visitOffset,
            visitWindow,
            ...visit,
          })),
        ),
      );
    }
    audit({ action: 'C', entity: 'casebook', entityId: casebookId, after: { ...input, timezone, visits: planned } });
    return { casebookId, visits: planned.length };
  });
}
