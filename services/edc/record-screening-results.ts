import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { read, runCommand, together } from '../../db/index.ts';
import { type Call, requireUnused } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import { parsed, screeningNotOpen } from './errors.ts';
import { judgeResult } from './judge-result.ts';
import { ledger } from './ledger.ts';
import { lockedScreening } from './locked-screening.ts';
import { type ScreeningResults, screeningResults } from './schemas.ts';
import { changes, currentEntries, toEntry, writeEntries } from './screening-entries.ts';
import { screenings } from './tables.ts';

export type RecordScreeningResults = ScreeningResults & { enrollmentId: string };

/** `recorded`: rows of this call; `missing`: items without a value, as the protocol orders them; `revision`: rows ever entered. */
export type RecordedResults = { recorded: number; missing: string[]; revision: number };

/**
 * Enters screening results, all of a call or none. What equals the current entry of its item changes nothing; a
 * correction needs a reason, keeps the old row and points to it (21 CFR 11.10(e), ICH E6(R3) 4.2.4). Calls of one
 * screening take effect one after the other. Errors: `command_not_authentic`, `invalid_input`, `screening_not_open`, `unknown_item`,
 * `value_type`, `unit_mismatch`, `performed_in_future`, `before_consent`, `reason_required`.
 */
export async function recordScreeningResults(
  deps: EdcDeps,
  { ctx, key, input }: Call<RecordScreeningResults>,
): Promise<RecordedResults> {
  const { db, clock } = deps;
  const { enrollmentId, ...given } = input;
  const { results } = parsed(screeningResults, given);
  const asserted = await deps.commands.check({ ctx, operations: ['recordScreeningResults'], about: enrollmentId, content: () => ({ results: given.results }) });
  const criteria = await criteriaOf(deps, { ctx, enrollmentId });
  const content = { enrollmentId, results };
  return runCommand({ db, ledger, verb: 'recordScreeningResults', key, content, ctx }, async (tx, audit) => {
    await requireUnused(tx, { ledger, asserted, by: key });
    const [screening, dataKey] = await together([lockedScreening(tx, enrollmentId), deps.db.vault.keyToSeal(tx, enrollmentId, results.map(({ reason }) => reason))]);
    if (screening?.status !== 'open') throw screeningNotOpen();
    const { id: screeningId, consentSignedAt, items } = screening;
    const now = clock();
    for (const [index, result] of results.entries()) judgeResult(result, { criteria, consentSignedAt, now, place: index + 1 });
    const current = await currentEntries(tx, { screeningId, key: dataKey });
    // The newest row of a screening is the current one of its item, so these know how many there are.
    const last = Math.max(0, ...[...current.values()].map(({ entry }) => entry));
    const changed = results.filter((result) => changes(result, current.get(result.item)));
    const rows = changed.map((result, index) => ({
      ...toEntry(result, current.get(result.item)),
      id: uuidv7(),
      screeningId,
      entry: last + index + 1,
      current: true,
      enteredAt: now,
      enteredBy: ctx.actor,
    }));
    await writeEntries(tx, { rows, key: dataKey });
    for (const row of rows) {
      const before = current.get(row.item);
      const entry = { entity: 'screening_result', entityId: row.id, after: row };
      audit(before ? { ...entry, action: 'U', before } : { ...entry, action: 'C' });
    }
    const known = new Set([...current.keys(), ...rows.map(({ item }) => item)]);
    return { recorded: rows.length, missing: items.filter((item) => !known.has(item)), revision: last + rows.length };
  });
}

/** The criteria of the protocol version that the screening was opened with. Asked for before the transaction. */
async function criteriaOf({ db, study }: EdcDeps, { ctx, enrollmentId }: Pick<Call<unknown>, 'ctx'> & { enrollmentId: string }) {
  const [opened] = await read(db, (orm) =>
    orm
      .select({ protocolVersionId: screenings.protocolVersionId })
      .from(screenings)
      .where(eq(screenings.enrollmentId, enrollmentId)),
  );
  if (!opened) throw screeningNotOpen();
  const protocol = await study.getProtocol({ ctx, input: opened });
  return protocol.body.criteria;
}
