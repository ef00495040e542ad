import { runCommand, SERVICE_OWNER } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { ledger, type NotificationDeps } from './deps.ts';

/** Makes the addresses unreadable that mails to this participant went to. That mails were sent stays on record. */
export async function eraseRecipient({ db }: NotificationDeps, { ctx, key, input }: Call<{ patientId: string }>): Promise<{ erased: boolean }> {
  const { patientId } = input;
  return runCommand({ db, ledger, verb: 'eraseRecipient', key, content: input, ctx }, async (tx, audit) => {
    const erased = await db.vault.destroy(tx, patientId);
    if (erased) audit({ action: 'D', entity: 'recipient', entityId: patientId, owner: SERVICE_OWNER, after: { erased } });
    return { erased };
  });
}
