import type { DataKey, ServiceDatabase, Transaction } from '../../../db/index.ts';
import { enrollmentCells } from '../sealed-rows.ts';
import type { enrollments } from './tables.ts';
import type { Awaiting, EnrollmentRecord } from '../types.ts';

export type EnrollmentRow = typeof enrollments.$inferSelect;

/** These rows as the outside sees them. Data keys are asked for only of those that have something sealed. */
export async function toRecords({ vault }: ServiceDatabase, orm: Pick<Transaction, 'execute'>, rows: EnrollmentRow[]): Promise<EnrollmentRecord[]> {
  const keys = await vault.keysOf(orm, rows.filter(({ outcomeReason }) => outcomeReason !== null).map(({ id }) => id));
  return rows.map((row) => toRecord(row, keys.get(row.id)));
}

/** What the outside sees of a row: request key, content hash and internal times stay here. */
function toRecord(row: EnrollmentRow, key: DataKey | null | undefined): EnrollmentRecord {
  return {
    id: row.id,
    enrollmentId: row.id,
    patientId: row.patientId,
    studyId: row.studyId,
    studyCode: row.studyCode,
    siteId: row.siteId,
    siteCode: row.siteCode,
    protocolVersionId: row.protocolVersionId,
    stage: row.stage,
    status: row.status,
    outcome: row.outcome === 'open' ? null : row.outcome,
    outcomeReason: enrollmentCells(key, row.id).open('outcome_reason', row.outcomeReason),
    needsAttention: row.needsAttention,
    stuckStep: row.stuckStep,
    awaiting: awaitingOf(row),
    subjectNumber: row.subjectNumber,
    consentId: row.consentId,
    rescreenOf: row.rescreenOf,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    revision: row.revision,
  };
}

/** Whom or what an enrollment waits for. */
export function awaitingOf({ awaitingWhat, awaitingWho, awaitingUntil }: EnrollmentRow): Awaiting | null {
  if (awaitingWhat === null || awaitingWho === null) return null;
  return { what: awaitingWhat, who: awaitingWho, until: awaitingUntil?.toISOString() ?? null };
}
