import { and, eq } from 'drizzle-orm';
import type { Transaction } from '../../../db/index.ts';
import { unblindingApprovals, unblindings } from './tables.ts';

/** Has the study as a whole been unblinded, by two persons? Until then arms are pooled wherever blinded roles look. */
export async function isStudyUnblinded(reader: Pick<Transaction, 'select'>, studyId: string): Promise<boolean> {
  const rows = await reader
    .select({ id: unblindings.id })
    .from(unblindings)
    .innerJoin(unblindingApprovals, eq(unblindingApprovals.unblindingId, unblindings.id))
    .where(and(eq(unblindings.studyId, studyId), eq(unblindings.scope, 'study')))
    .limit(1);
  return rows.length > 0;
}
