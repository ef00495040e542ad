import { desc, eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { eligibilityDecisions, eligibilityEvaluations } from './tables.ts';
import type { Eligibility } from '../types.ts';

/** Each further decision takes an invalidation: no enrollment gets near this. */
const MAX_DECISIONS = 100;

type DecisionRow = typeof eligibilityDecisions.$inferSelect;

/**
 * What an investigator is to sign, and what has been signed: the latest evaluation, and all decisions with printed
 * name, time and meaning (21 CFR 11.50), newest first, those that were invalidated included.
 */
export async function getEligibility({ db }: StudyDeps, { input }: Read<{ enrollmentId: string }>): Promise<Eligibility> {
  const { enrollmentId } = input;
  const [[evaluation], decisions] = await Promise.all([
    read(db, (orm) =>
      orm
        .select()
        .from(eligibilityEvaluations)
        .where(eq(eligibilityEvaluations.enrollmentId, enrollmentId))
        .orderBy(desc(eligibilityEvaluations.id))
        .limit(1),
    ),
    read(db, (orm) =>
      orm
        .select()
        .from(eligibilityDecisions)
        .where(eq(eligibilityDecisions.enrollmentId, enrollmentId))
        .orderBy(desc(eligibilityDecisions.id))
        .limit(MAX_DECISIONS),
    ),
  ]);
  return { evaluation: evaluation ? toEvaluation(evaluation) : null, decisions: decisions.map(toDecision) };
}

function toEvaluation({ round, verdict, sha256, at, consentVersion, criteria }: typeof eligibilityEvaluations.$inferSelect) {
  return { round, verdict, sha256, at: at.toISOString(), consentVersion, criteria };
}

function toDecision(row: DecisionRow): Eligibility['decisions'][number] {
  const { id: decisionId, round, decision, reason, meaning, sha256 } = row;
  const signer = { userId: row.signerUserId, name: row.signerName };
  return { decisionId, round, decision, reason, meaning, signer, signedAt: row.signedAt.toISOString(), sha256, invalidated: invalidationOf(row) };
}

function invalidationOf({ invalidatedAt, invalidatedByUserId, invalidatedByName, invalidatedReason }: DecisionRow) {
  if (invalidatedAt === null || invalidatedByUserId === null || invalidatedByName === null || invalidatedReason === null) return null;
  return { at: invalidatedAt.toISOString(), by: { userId: invalidatedByUserId, name: invalidatedByName }, reason: invalidatedReason };
}
