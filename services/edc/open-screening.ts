import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import { type Call, consentNotInForce } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';
import { screeningExists } from './errors.ts';
import { ledger } from './ledger.ts';
import type { OpenScreening } from './schemas.ts';
import { screenings } from './tables.ts';

/**
 * Opens a participant's screening forms (domain step 2) for what the criteria of the protocol version ask for;
 * `items` is how many. One per enrollment: `screening_exists` under another key. An attempt that arrives after
 * `closeScreening` is refused with `command_cancelled`, one without a consent with `consent_not_in_force`.
 */
export async function openScreening(
  deps: EdcDeps,
  { ctx, key, input }: Call<OpenScreening>,
): Promise<{ screeningId: string; items: number }> {
  const { db, clock, study, patient } = deps;
  const { consentSignedAt, ...identity } = input;
  const { enrollmentId, studyId, siteId, protocolVersionId } = identity;
  // Asked before the transaction: no connection waits for another service.
  const [{ body }, { inForce }] = await Promise.all([
    study.getProtocol({ ctx, input: { protocolVersionId } }),
    patient.consentInForce({ ctx, input: { enrollmentId, studyId, siteId } }),
  ]);
  const items = [...new Set(body.criteria.map(({ item }) => item))];
  return runCommand({ db, ledger, verb: 'openScreening', key, content: input, ctx }, async (tx, audit) => {
    // Not before: what was opened under this key stays opened.
    if (!inForce) throw consentNotInForce();
    const screeningId = uuidv7();
    const inserted = await statement(
      tx
        .insert(screenings)
        .values({ id: screeningId, ...identity, consentSignedAt: new Date(consentSignedAt), items, status: 'open', openedAt: clock() })
        .onConflictDoNothing({ target: screenings.enrollmentId })
        .returning({ id: screenings.id }),
    );
    if (inserted.length === 0) throw screeningExists();
    audit({ action: 'C', entity: 'screening', entityId: screeningId, after: { ...input, items } });
    return { screeningId, items: items.length };
  });
}
