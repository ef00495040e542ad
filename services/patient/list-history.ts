import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type Page, type PageRequest, type Read, toPage } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patientExists } from './patient-exists.ts';
import type { HistoryEntry } from './schemas.ts';
import { historyCells } from './sealed-rows.ts';
import { historyEntries } from './tables.ts';

export type HistoryInfo = HistoryEntry & { id: string; recordedAt: string };

/** A person's medical history, newest entry first. Throws `patient_not_found`. */
export async function listHistory(
  { db }: PatientDeps,
  { input }: Read<{ patientId: string } & PageRequest>,
): Promise<Page<HistoryInfo>> {
  const { patientId, cursor, limit } = input;
  return read(db, async (orm) => {
    await patientExists(orm, patientId);
    const rows = await orm
      .select()
      .from(historyEntries)
      .where(and(eq(historyEntries.patientId, patientId), cursor ? lt(historyEntries.id, cursor) : undefined))
      .orderBy(desc(historyEntries.id))
      .limit(limit + 1);
    const key = (await db.vault.keysOf(orm, [patientId])).get(patientId);
    return toPage(rows.map(({ id, entry, recordedAt }) => ({ ...opened(historyCells(key, id).open('entry', entry)), id, recordedAt: recordedAt.toISOString() })), limit);
  });
}

/** Of a person whose identifying data have been erased, that there was an entry is all that is left of it. */
function opened(entry: string | null): HistoryEntry {
  return entry === null ? { category: 'other', description: '' } : (JSON.parse(entry) as HistoryEntry);
}
