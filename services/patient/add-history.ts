import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { parsed } from './errors.ts';
import { patientExists } from './patient-exists.ts';
import { type HistoryEntry, historyEntry } from './schemas.ts';
import { historyCells } from './sealed-rows.ts';
import { historyEntries } from './tables.ts';

/** Adds an entry to a person's medical history; entries are never changed. Throws `patient_not_found`, `invalid_input`. */
export async function addHistory(
  { db, clock }: PatientDeps,
  { ctx, key, input }: Call<{ patientId: string; entry: HistoryEntry }>,
): Promise<{ historyId: string }> {
  const { patientId } = input;
  const entry = parsed(historyEntry, input.entry);
  return runCommand({ db, ledger, verb: 'addHistory', key, content: { patientId, entry }, ctx }, async (tx, audit) => {
    await patientExists(tx, patientId);
    const historyId = uuidv7();
    const cells = historyCells(await db.vault.keyFor(tx, patientId), historyId);
    const row = { id: historyId, patientId, entry: cells.seal('entry', JSON.stringify(entry)), recordedAt: clock() };
    await statement(tx.insert(historyEntries).values(row));
    audit({ action: 'C', entity: 'history_entry', entityId: historyId, owner: patientId, after: { patientId, ...entry } });
    return { historyId };
  });
}
