import { eq } from 'drizzle-orm';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, type Ctx, DomainError, type User } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { outcomeFinal, outOfOrder, revisionBehind } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from './record.ts';
import { screeningLog } from './tables.ts';
import type { EnrollmentRow } from './to-record.ts';
import type { RecordOutcome } from '../types.ts';
import { type Outcome, statusOf, type SubjectStatus } from '../vocabulary.ts';

const DECIDED_BY = 'decided_by_';
/** Whom a run acts for when Temporal itself cancels it (see the workflow's handlers). */
const CANCELLED_IN_TEMPORAL = 'temporal';

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
    const current = await lockRecord(tx, identity);
    if (current && revision <= current.revision) {
      if (current.outcome === outcome) return { status: current.status };
      throw revisionBehind();
    }
    if (!mayBecome(current, outcome)) throw outcomeFinal();
    if (outcome === 'active' && (!current?.enrolledAt || current.enrollmentVoidedAt)) throw outOfOrder('enrollParticipant');
    const now = clock();
    const status = statusOf({ stage, outcome, scope });
    const facts = { outcome, outcomeReason: reason, status };
    await Promise.all([
      writeRecord(tx, { identity, revision, current, facts, position: { stage, ...NOTHING_AWAITED }, now }),
      statement(tx.update(screeningLog).set({ closedAt: now, outcome, reason }).where(eq(screeningLog.enrollmentId, enrollmentId))),
      writeMilestone(tx, {
        enrollmentId,
        at: now,
        event: 'OUTCOME RECORDED',
        stage,
        actor: ctx.actor,
        details: { ...details, outcome, reason, scope: scope ?? null },
      }),
    ]);
    audit({
      action: current ? 'U' : 'C',
      entity: 'enrollment',
      entityId: enrollmentId,
      before: current && { stage: current.stage, status: current.status, outcome: current.outcome, reason: current.outcomeReason },
      after: { stage, status, outcome, reason, scope, details },
    });
    return { status };
  });
}

const UNVERIFIED: User = { id: 'unverified', name: 'Not given through the API', role: 'ops' };

/**
 * A person's withdrawal or an operator's abort has taken effect in the run by now, and is recorded; but in nobody's name
 * who has not given it through the API.
 */
async function attributed({ commands }: StudyDeps, { ctx, input }: { ctx: Ctx; input: RecordOutcome }): Promise<Ctx> {
  const { identity, reason, scope } = input;
  const byTemporal = ctx.actor.kind === 'workflow' && ctx.actor.onBehalfOf.id === CANCELLED_IN_TEMPORAL;
  const operation = reason?.startsWith(DECIDED_BY) ? 'withdrawParticipant' : reason === 'aborted' && !byTemporal ? 'resolveEnrollment' : null;
  if (operation === null) return ctx;
  try {
    const asserted = await commands.check({ ctx, operations: [operation], about: identity.enrollmentId });
    const said = asserted?.said ?? {};
    const same = operation === 'resolveEnrollment' ? said['action'] === 'abort' : reason === `${DECIDED_BY}${said['decidedBy']}` && (scope === undefined || scope === said['scope']);
    if (asserted === null || same) return ctx;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'command_not_authentic') throw error;
  }
  return { ...ctx, actor: { ...ctx.actor, onBehalfOf: UNVERIFIED } as Ctx['actor'] };
}

/** A withdrawal may be widened later; a refused opening was voided by Study itself, and its workflow knows better why it ended. */
function mayBecome(current: EnrollmentRow | undefined, outcome: Outcome): boolean {
  if (!current || current.outcome === 'open' || current.outcome === outcome) return true;
  if (current.outcome === 'active') return outcome === 'withdrawn';
  return current.outcome === 'voided' && current.subjectNumber === null && outcome !== 'active';
}
