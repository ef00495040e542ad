import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { statement, type Transaction } from '../../db/index.ts';
import type { EproForm, Visit } from './schemas.ts';
import { eproForms, visits } from './tables.ts';

/** Writes the planned visits of a casebook; those that are there already get the new dates, nothing else changes. */
export async function writeVisits(tx: Transaction, casebookId: string, planned: Visit[]): Promise<void> {
  if (planned.length === 0) return;
  const rows = planned.map(({ offset: visitOffset, window: visitWindow, ...visit }, position) => ({
    id: uuidv7(),
    casebookId,
    position,
    visitOffset,
    visitWindow,
    ...visit,
  }));
  await statement(
    tx
      .insert(visits)
      .values(rows)
      .onConflictDoUpdate({
        target: [visits.casebookId, visits.position],
        set: {
          plannedDate: sql`excluded.planned_date`,
          windowFrom: sql`excluded.window_from`,
          windowTo: sql`excluded.window_to`,
        },
      }),
  );
}

/** Writes the forms of an ePRO schedule; those that are there already get the new dates, nothing else changes. */
export async function writeForms(tx: Transaction, scheduleId: string, planned: EproForm[]): Promise<void> {
  if (planned.length === 0) return;
  const rows = planned.map((form, position) => ({ id: uuidv7(), scheduleId, position, ...form }));
  await statement(
    tx
      .insert(eproForms)
      .values(rows)
      .onConflictDoUpdate({
        target: [eproForms.scheduleId, eproForms.position],
        set: { firstDate: sql`excluded.first_date`, lastDate: sql`excluded.last_date` },
      }),
  );
}
