import { and, eq, inArray, isNotNull } from 'drizzle-orm';
import type { Transaction } from '../../../db/index.ts';
import type { ProtocolBody } from '../protocol-schema.ts';
import { enrollments } from './tables.ts';

/**
 * How often this person has been screened in this study to no avail, at whatever site: enrollments with a subject
 * number that ended in `screen_failed` or `expired` (domain, "Persons": each re-screening is a new enrollment).
 */
export async function vainScreenings(
  reader: Pick<Transaction, '$count'>,
  { studyId, patientId }: { studyId: string; patientId: string },
): Promise<number> {
  return reader.$count(
    enrollments,
    and(
      eq(enrollments.studyId, studyId),
      eq(enrollments.patientId, patientId),
      inArray(enrollments.outcome, ['screen_failed', 'expired']),
      isNotNull(enrollments.subjectNumber),
    ),
  );
}

/** May the person be screened once more? Always where the protocol does not screen. */
export function mayScreen({ screening }: Pick<ProtocolBody, 'screening'>, screenings: number): boolean {
  return !screening || screenings <= screening.maxRescreens;
}
