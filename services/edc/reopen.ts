import { asc, eq } from 'drizzle-orm';
import { type AuditEntry, type ServiceDatabase, statement, type Transaction } from '../../db/index.ts';
import { isClosedAsUndone, isOffAsUndone, lockedCasebook, lockedEpro } from './change-status.ts';
import type { EproForm, OpenCasebook, StartEpro, Visit } from './schemas.ts';
import { casebooks, eproForms, eproSchedules, visits } from './tables.ts';
import { writeForms, writeVisits } from './write-plan.ts';

type Reopening<I, P> = { db: ServiceDatabase; input: I; timezone: string; planned: P[]; audit: (entry: AuditEntry) => void };

/**
 * Opens a casebook again that was closed with an undone enrollment, when it is of the same participant, site and
 * protocol version; its visits get the new plan's dates. Returns its id, undefined when there is none of that kind.
 */
export async function reopenCasebook(
  tx: Transaction,
  { db, input, timezone, planned, audit }: Reopening<OpenCasebook, Visit>,
): Promise<string | undefined> {
  const { anchorAt, ...identity } = input;
  const casebook = await lockedCasebook(tx, { db, enrollmentId: identity.enrollmentId });
  if (!casebook || !isClosedAsUndone(casebook) || !isOf(casebook, identity)) return undefined;
  const { id, status, statusReason: reason } = casebook;
  const { plannedDate, windowFrom, windowTo } = visits;
  const before = await statement(
    tx
      .select({ plannedDate, windowFrom, windowTo })
      .from(visits)
      .where(eq(visits.casebookId, id))
      .orderBy(asc(visits.position)),
  );
  const replanned = planned.some(
    (visit, position) =>
      visit.plannedDate !== before[position]?.plannedDate ||
      visit.windowFrom !== before[position]?.windowFrom ||
      visit.windowTo !== before[position]?.windowTo,
  );
  if (replanned) await writeVisits(tx, id, planned);
  await statement(
    tx.update(casebooks).set({ status: 'open', statusReason: null, closedAt: null, timezone }).where(eq(casebooks.id, id)),
  );
  audit({
    action: 'U',
    entity: 'casebook',
    entityId: id,
    before: { status, reason, timezone: casebook.timezone, ...(replanned ? { visits: before } : {}) },
    after: { status: 'open', anchorAt, timezone, ...(replanned ? { visits: planned } : {}) },
  });
  return id;
}

/** Switches an ePRO schedule on again under the same conditions; its forms get the new plan's dates. */
export async function restartEpro(
  tx: Transaction,
  { db, input, timezone, planned, audit }: Reopening<StartEpro, EproForm>,
): Promise<string | undefined> {
  const { anchorAt, ...identity } = input;
  const schedule = await lockedEpro(tx, { db, enrollmentId: identity.enrollmentId });
  if (!schedule || !isOffAsUndone(schedule) || !isOf(schedule, identity)) return undefined;
  const { id, status, statusReason: reason } = schedule;
  const { firstDate, lastDate } = eproForms;
  const before = await statement(
    tx.select({ firstDate, lastDate }).from(eproForms).where(eq(eproForms.scheduleId, id)).orderBy(asc(eproForms.position)),
  );
  const replanned = planned.some(
    (form, position) => form.firstDate !== before[position]?.firstDate || form.lastDate !== before[position]?.lastDate,
  );
  if (replanned) await writeForms(tx, id, planned);
  await statement(
    tx.update(eproSchedules).set({ status: 'on', statusReason: null, stoppedAt: null, timezone }).where(eq(eproSchedules.id, id)),
  );
  audit({
    action: 'U',
    entity: 'epro_schedule',
    entityId: id,
    before: { status, reason, timezone: schedule.timezone, ...(replanned ? { forms: before } : {}) },
    after: { status: 'on', anchorAt, timezone, ...(replanned ? { forms: planned } : {}) },
  });
  return id;
}

/** Is what was opened before about the same as what is asked for now? */
function isOf(opened: Record<string, unknown>, identity: Record<string, string>): boolean {
  return Object.entries(identity).every(([name, value]) => opened[name] === value);
}
