import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import { type Call, consentNotInForce } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import { casebookExists } from './errors.ts';
import { ledger } from './ledger.ts';
import { planVisits } from './plan.ts';
import { protocolAndSite } from './protocol-and-site.ts';
import { reopenCasebook } from './reopen.ts';
import type { OpenCasebook } from './schemas.ts';
import { casebooks } from './tables.ts';
import { writeVisits } from './write-plan.ts';

/**
 * Opens a participant's casebook with the visits that the protocol version plans, dated in the site's time zone;
 * `visits` is how many. One per enrollment: under another key `casebook_exists`, except that the one which was closed
 * with an undone enrollment is opened again (domain: the slot is released and reserved anew), dated anew. An attempt
 * that arrives after its `closeCasebook` is refused with `command_cancelled`. Without a consent: `consent_not_in_force`.
 */
export async function openCasebook(
  deps: EdcDeps,
  { ctx, key, input }: Call<OpenCasebook>,
): Promise<{ casebookId: string; visits: number }> {
  const { db, clock } = deps;
  const { anchorAt, ...identity } = input;
  const { enrollmentId, studyId, siteId } = identity;
  const [{ body, timezone }, { inForce }] = await Promise.all([
    protocolAndSite(deps, { ctx, ...identity }),
    deps.patient.consentInForce({ ctx, input: { enrollmentId, studyId, siteId } }),
  ]);
  const planned = planVisits(body, { anchorAt, timezone });
  return runCommand({ db, ledger, verb: 'openCasebook', key, content: input, ctx }, async (tx, audit) => {
    // Not before: what was opened under this key stays opened.
    if (!inForce) throw consentNotInForce();
    const casebookId = uuidv7();
    const inserted = await statement(
      tx
        .insert(casebooks)
        .values({ id: casebookId, ...identity, status: 'open', timezone, openedAt: clock() })
        .onConflictDoNothing({ target: casebooks.enrollmentId })
        .returning({ id: casebooks.id }),
    );
    if (inserted.length === 0) {
      const reopenedId = await reopenCasebook(tx, { db, input, timezone, planned, audit });
      if (reopenedId === undefined) throw casebookExists();
      return { casebookId: reopenedId, visits: planned.length };
    }
    await writeVisits(tx, casebookId, planned);
    audit({ action: 'C', entity: 'casebook', entityId: casebookId, after: { ...input, timezone, visits: planned } });
    return { casebookId, visits: planned.length };
  });
}
