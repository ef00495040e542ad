import { desc, eq } from 'drizzle-orm';
import { type DataKey, read, SealBrokenError, type Transaction } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import { decisionSha256, seenSha256 } from './decision-signature.ts';
import { enrollments } from '../enrollments/tables.ts';
import type { StudyDeps } from '../deps.ts';
import { decisionCells } from '../sealed-rows.ts';
import { eligibilityDecisions, eligibilityEvaluations } from './tables.ts';
import type { Eligibility } from '../types.ts';

/** Each further decision takes an invalidation: no enrollment gets near this. */
const MAX_DECISIONS = 100;
/** As many as messages that may change one. */
const MAX_EVALUATIONS = 600;

type DecisionRow = ReturnType<typeof openedDecision>;

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
  const [seen, keys] = await Promise.all([
    read(db, (orm) => intactEvaluations(orm, enrollmentId)),
    read(db, (orm) => db.vault.keysOf(orm, decisions.length > 0 ? [enrollmentId] : [])),
  ]);
  const opened = decisions.map((row) => openedDecision(row, keys.get(enrollmentId)));
  return { evaluation: evaluation ? toEvaluation(evaluation) : null, decisions: opened.map((row) => toDecision(row, seen)) };
}

/** The hashes of the evaluations whose rows are still what they were made of. */
async function intactEvaluations(orm: Pick<Transaction, 'select'>, enrollmentId: string): Promise<Set<string>> {
  const rows = await orm
    .select({ evaluation: eligibilityEvaluations, protocolVersionId: enrollments.protocolVersionId })
    .from(eligibilityEvaluations)
    .innerJoin(enrollments, eq(enrollments.id, eligibilityEvaluations.enrollmentId))
    .where(eq(eligibilityEvaluations.enrollmentId, enrollmentId))
    .orderBy(desc(eligibilityEvaluations.id))
    .limit(MAX_EVALUATIONS);
  const intact = rows.filter(({ evaluation: { consentVersion: version, consentLanguage: language, criteria, sha256 }, protocolVersionId }) =>
    sha256 === seenSha256({ enrollmentId, protocolVersionId, consent: { version, language }, criteria }));
  return new Set(intact.map(({ evaluation: { sha256 } }) => sha256));
}

function toEvaluation({ round, verdict, sha256, at, consentVersion, criteria }: typeof eligibilityEvaluations.$inferSelect) {
  return { round, verdict, sha256, at: at.toISOString(), consentVersion, criteria };
}

/** What does not open any more was changed past the system: left out, and the signature is not valid (`intact`). */
function openedDecision(row: typeof eligibilityDecisions.$inferSelect, key: DataKey | null | undefined) {
  const cells = decisionCells(key, row.id);
  let intact = true;
  const opened = (column: string, sealed: Buffer | null) => {
    try {
      return cells.open(column, sealed);
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      intact = false;
      return '';
    }
  };
  const reason = opened('reason', row.reason);
  const meaning = opened('meaning', row.meaning) ?? '';
  const recordSha256 = opened('record_sha256', row.recordSha256);
  const invalidatedReason = opened('invalidated_reason', row.invalidatedReason);
  return { ...row, reason, meaning, recordSha256, invalidatedReason, intact };
}

function toDecision(row: DecisionRow, seen: Set<string>): Eligibility['decisions'][number] {
  const { id: decisionId, round, decision, reason, meaning, sha256 } = row;
  const signer = { userId: row.signerUserId, name: row.signerName };
  const signedAt = row.signedAt.toISOString();
  const record = { decisionId, enrollmentId: row.enrollmentId, round, decision, reason, meaning, signer, signedAt, sha256 };
  const isSigned = row.intact && decisionSha256(record) === row.recordSha256 && (sha256 === null || seen.has(sha256));
  const valid = row.recordSha256 === null && row.intact ? null : isSigned;
  return { decisionId, round, decision, reason, meaning, signer, signedAt, sha256, valid, invalidated: invalidationOf(row) };
}

function invalidationOf({ invalidatedAt, invalidatedByUserId, invalidatedByName, invalidatedReason }: DecisionRow) {
  if (invalidatedAt === null || invalidatedByUserId === null || invalidatedByName === null || invalidatedReason === null) return null;
  return { at: invalidatedAt.toISOString(), by: { userId: invalidatedByUserId, name: invalidatedByName }, reason: invalidatedReason };
}
