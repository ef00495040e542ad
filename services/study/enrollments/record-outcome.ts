import { eq } from 'drizzle-orm';
import { runCommand, statement, together, type Transaction } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import { attributed } from './attributed.ts';
import type { StudyDeps } from '../deps.ts';
import { outcomeFinal, outOfOrder, revisionBehind } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { enrollmentCells, logLineCells } from '../sealed-rows.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import { screeningLog } from './tables.ts';
import type { EnrollmentRow } from './to-record.ts';
import type { RecordOutcome } from '../types.ts';
import { EXPIRY_REASONS, type Outcome, statusOf, type SubjectStatus } from '../vocabulary.ts';

const NOTHING_AWAITED = { needsAttention: false, stuckStep: null, awaitingWhat: null, awaitingWho: null, awaitingUntil: null };

/**
 * Ends the enrollment with its outcome and closes its line of the screening log, also when no step has written
 * the record yet. Only `active` may be followed by another outcome (`withdrawn`). Throws `outcome_final`,
 * `out_of_order` (`active` without having been enrolled), `revision_behind`.
 */
export async function recordOutcome(deps: StudyDeps, { ctx: given, key, input }: Call<RecordOutcome>): Promise<{ status: SubjectStatus }> {
  const { db, clock } = deps;
  const { identity, revision, outcome, stage, reason, scope, details = {} } = input;
  const { enrollmentId } = identity;
  const ctx = await attributed(deps, { ctx: given, input });
  const content = { identity, outcome, stage, reason, scope, details };
  return runCommand({ db, ledger, verb: 'recordOutcome', key, content, ctx }, async (tx, audit) => {
    const [current, dataKey] = await together([lockRecord(tx, identity), db.vault.keyToSeal(tx, enrollmentId, [reason])]);
    if (current && revision <= current.revision) {
      if (current.outcome === outcome) return { status: current.status };
      throw revisionBehind();
    }
    if (!mayBecome(current, outcome)) throw outcomeFinal();
    if (outcome === 'active' && (!current?.enrolledAt || current.enrollmentVoidedAt)) throw outOfOrder('enrollParticipant');
    const now = clock();
    const status = statusOf({ stage, outcome, scope });
    const expiryReason = outcome === 'expired' ? (EXPIRY_REASONS.find((known) => known === reason) ?? 'other') : null;
    const facts = { outcome, outcomeReason: enrollmentCells(dataKey, enrollmentId).seal('outcome_reason', reason), expiryReason, status };
    const logged = { closedAt: now, outcome, reason: logLineCells(dataKey, enrollmentId).seal('reason', reason) };
    const before = await replaced(db, tx, current);
    await Promise.all([
      writeRecord(tx, { identity, revision, current, facts, position: { stage, ...NOTHING_AWAITED }, now }),
      statement(tx.update(screeningLog).set(logged).where(eq(screeningLog.enrollmentId, enrollmentId))),
      writeMilestone(tx, {
        enrollmentId,
        at: now,
        event: 'OUTCOME RECORDED',
        stage,
        actor: ctx.actor,
        details: { ...details, outcome, reason, scope: scope ?? null },
        key: dataKey,
      }),
    ]);
    audit({
      action: current ? 'U' : 'C',
      entity: 'enrollment',
      entityId: enrollmentId,
      before,
      after: { stage, status, outcome, reason, scope, details },
    });
    return { status };
  });
}

/** What stood there, as the trail keeps it. */
async function replaced({ vault }: StudyDeps['db'], tx: Transaction, current: EnrollmentRow | undefined) {
  if (!current) return undefined;
  const { id, stage, status, outcome, outcomeReason } = current;
  const key = outcomeReason && (await vault.keysOf(tx, [id])).get(id);
  return { stage, status, outcome, reason: enrollmentCells(key, id).open('outcome_reason', outcomeReason) };
}

/** A withdrawal may be widened later; a refused opening was voided by Study itself, and its workflow knows better why it ended. */
function mayBecome(current: EnrollmentRow | undefined, outcome: Outcome): boolean {
  if (!current || current.outcome === 'open' || current.outcome === outcome) return true;
  if (current.outcome === 'active') return outcome === 'withdrawn';
  return current.outcome === 'voided' && current.subjectNumber === null && outcome !== 'active';
}
