import { eq, sql } from 'drizzle-orm';
import { runCommand, SERVICE_OWNER, statement } from '../../db/index.ts';
import { type Call, type Ctx, notFound } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { enrollmentNotEnded, reasonRequired, retentionNotEnded } from './errors.ts';
import { patientIdentifiers, patients } from './tables.ts';

const PAGE = 200;
const MOST_PAGES = 10;

/**
 * Makes what identifies a person unreadable for good, by destroying the person's data key: name, identifiers, contact,
 * birth date, medical history, signers' names, and their old values in the audit trail. What is recorded under the
 * pseudonym stays (PIPL 47; ICH E6(R3) 4.3). Only when no enrollment is open or active and `retentionYears` have gone
 * since the last one changed. A person who was erased already is answered as such. Throws `reason_required`,
 * `patient_not_found`, `enrollment_not_ended`, `retention_not_ended` (with `until`).
 */
export async function erasePerson(
  deps: PatientDeps,
  { ctx, key, input }: Call<{ patientId: string }>,
): Promise<{ patientId: string; erasedAt: string }> {
  const { db, clock, retentionYears } = deps;
  const { patientId } = input;
  if (!ctx.reason?.trim()) throw reasonRequired();
  const at = clock();
  const last = await lastChange(deps, ctx, patientId);
  if (last !== null) {
    const until = new Date(last);
    until.setUTCFullYear(until.getUTCFullYear() + retentionYears);
    if (until > at) throw retentionNotEnded(until.toISOString());
  }
  return runCommand({ db, ledger, verb: 'erasePerson', key, content: { patientId, reason: ctx.reason }, ctx }, async (tx, audit) => {
    const [row] = await statement(tx.select({ erasedAt: patients.erasedAt }).from(patients).where(eq(patients.id, patientId)).for('update'));
    if (!row) throw notFound('patient');
    if (row.erasedAt) return { patientId, erasedAt: row.erasedAt.toISOString() };
    await statement(tx.update(patients).set({ erasedAt: at, mobileHash: null, version: sql`${patients.version} + 1`, updatedAt: at }).where(eq(patients.id, patientId)));
    // The blind index goes, too: whoever has its key could try all numbers. Nobody is found by these any more.
    await statement(tx.update(patientIdentifiers).set({ hash: sql`'erased/' || ${patientIdentifiers.id}` }).where(eq(patientIdentifiers.patientId, patientId)));
    await db.vault.destroy(tx, patientId);
    audit({ action: 'D', entity: 'patient', entityId: patientId, owner: SERVICE_OWNER, after: { erasedAt: at.toISOString() } });
    return { patientId, erasedAt: at.toISOString() };
  });
}

/** When the last of the person's enrollments last changed; null without any. */
async function lastChange({ study }: PatientDeps, ctx: Ctx, patientId: string): Promise<string | null> {
  let [last, cursor]: [string | null, string | undefined] = [null, undefined];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, nextCursor } = await study.listEnrollments({ ctx, input: { patientId, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } });
    for (const { outcome, updatedAt, enrollmentId } of items) {
      if (outcome === null || outcome === 'active') throw enrollmentNotEnded(enrollmentId);
      if (last === null || updatedAt > last) last = updatedAt;
    }
    if (nextCursor === null) return last;
    cursor = nextCursor;
  }
  throw new Error(`a person with more than ${PAGE * MOST_PAGES} enrollments`);
}
