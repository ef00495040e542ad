import type { enrollments } from './tables.ts';
import type { EnrollmentRecord } from '../types.ts';

export type EnrollmentRow = typeof enrollments.$inferSelect;

/** What the outside sees of a row: request key, content hash and internal times stay here. */
export function toRecord(row: EnrollmentRow): EnrollmentRecord {
  const { awaitingWhat, awaitingWho, awaitingUntil } = row;
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
    outcomeReason: row.outcomeReason,
    needsAttention: row.needsAttention,
    stuckStep: row.stuckStep,
    awaiting:
      awaitingWhat === null || awaitingWho === null
        ? null
        : { what: awaitingWhat, who: awaitingWho, until: awaitingUntil?.toISOString() ?? null },
    subjectNumber: row.subjectNumber,
    consentId: row.consentId,
    rescreenOf: row.rescreenOf,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    revision: row.revision,
  };
}
