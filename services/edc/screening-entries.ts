import { and, eq, inArray } from 'drizzle-orm';
import { type DataKey, statement, type Transaction } from '../../db/index.ts';
import { reasonRequired } from './errors.ts';
import type { ScreeningResult } from './schemas.ts';
import { resultCells } from './sealed-rows.ts';
import { screeningResults } from './tables.ts';

/** With its reason in plain. */
type Entry = Omit<typeof screeningResults.$inferSelect, 'reason'> & { reason: string | null };

/**
 * A screening's current entries by item: at most one each, and so never more than the protocol has items. Reasons are
 * null without the enrollment's data key: who gives none corrects nothing, and has no old value to note.
 */
export async function currentEntries(tx: Transaction, { screeningId, key }: { screeningId: string; key: DataKey | undefined }): Promise<Map<string, Entry>> {
  const rows = await statement(
    tx
      .select()
      .from(screeningResults)
      .where(and(eq(screeningResults.screeningId, screeningId), eq(screeningResults.current, true))),
  );
  return new Map(rows.map((row) => [row.item, { ...row, reason: resultCells(key, row.id).open('reason', row.reason) }]));
}

/** Whether a result says anything new of its item. Throws `reason_required` when it corrects and doesn't say why. */
export function changes(result: ScreeningResult, current: Entry | undefined): boolean {
  if (!current) return true;
  const { value, unit, performedAt, standardOfCare } = toEntry(result, current);
  const same =
    value === current.value &&
    unit === current.unit &&
    performedAt.getTime() === current.performedAt.getTime() &&
    standardOfCare === current.standardOfCare;
  if (!same && result.reason === undefined) throw reasonRequired(result.item);
  return !same;
}

/** A result as a row: what replaces an entry points to it. */
export function toEntry({ item, value, unit, performedAt, standardOfCare, reason }: ScreeningResult, current: Entry | undefined) {
  return {
    item,
    value,
    unit: unit ?? null,
    performedAt: new Date(performedAt),
    standardOfCare: standardOfCare ?? false,
    reason: reason ?? null,
    replaces: current?.id ?? null,
  };
}

/** Writes new entries; those that they replace stay, but are not current any more. */
export async function writeEntries(tx: Transaction, { rows, key }: { rows: Entry[]; key: DataKey | undefined }): Promise<void> {
  const replaced = rows.flatMap(({ replaces }) => replaces ?? []);
  if (replaced.length > 0) {
    await statement(tx.update(screeningResults).set({ current: false }).where(inArray(screeningResults.id, replaced)));
  }
  const sealed = rows.map((row) => ({ ...row, reason: resultCells(key, row.id).seal('reason', row.reason) }));
  if (rows.length > 0) await statement(tx.insert(screeningResults).values(sealed));
}
