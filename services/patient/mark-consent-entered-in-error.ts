import { and, eq } from 'drizzle-orm';
import { runCommand, statement } from '../../db/index.ts';
import { type Call, notFound } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { consentAlreadyEnteredInError, reasonRequired } from './errors.ts';
import { consentCells } from './sealed-rows.ts';
import { consents } from './tables.ts';

/**
 * Marks a consent as a mistake of recording, with a reason: for recording mistakes only, it never takes back a consent,
 * and the record stays. Throws `reason_required`, `consent_not_found`, `consent_already_entered_in_error`.
 */
export async function markConsentEnteredInError(
  { db, clock }: PatientDeps,
  { ctx, key, input }: Call<{ patientId: string; consentId: string }>,
): Promise<{ consentId: string }> {
  const { patientId, consentId } = input;
  const reason = ctx.reason?.trim();
  if (!reason) throw reasonRequired();
  const command = { db, ledger, verb: 'markConsentEnteredInError', key, content: { patientId, consentId, reason }, ctx };
  return runCommand(command, async (tx, audit) => {
    const where = and(eq(consents.id, consentId), eq(consents.patientId, patientId));
    const [known] = await statement(tx.select({ status: consents.status }).from(consents).where(where).for('update'));
    if (!known) throw notFound('consent');
    if (known.status === 'entered-in-error') throw consentAlreadyEnteredInError();
    const cells = consentCells(await db.vault.keyFor(tx, patientId), consentId);
    const change = { status: 'entered-in-error', enteredInErrorAt: clock(), enteredInErrorReason: cells.seal('entered_in_error_reason', reason) } as const;
    await statement(tx.update(consents).set(change).where(where));
    audit({ action: 'U', entity: 'consent', entityId: consentId, owner: patientId, before: known, after: { status: change.status } });
    return { consentId };
  });
}
