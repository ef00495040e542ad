import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { type Page, type PageRequest, type Read, toPage } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patientExists } from './patient-exists.ts';
import type { HistoryEntry } from './schemas.ts';
import { historyEntries } from './tables.ts';

export type HistoryInfo = HistoryEntry & { id: string; recordedAt: string };

/** A person's medical history, newest entry first. Throws `patient_not_found`. */
export async function listHistory(
  { db }: PatientDeps,
  { input }: Read<{ patientId: string } & PageRequest>,
): Promise<Page<HistoryInfo>> {
  const { patientId, cursor, limit } = input;
  const rows = await read(db, async (orm) => {
    await patientExists(orm, patientId);
    return orm
      .select()
      .from(historyEntries)
      .where(and(eq(historyEntries.patientId, patientId), cursor ? lt(historyEntries.id, cursor) : undefined))
      .orderBy(desc(historyEntries.id))
      .limit(limit + 1);
  });
  return toPage(rows.map(({ id, entry, recordedAt }) => ({ id, ...entry, recordedAt: recordedAt.toISOString() })), limit);
}
