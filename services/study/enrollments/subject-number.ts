import { sql } from 'drizzle-orm';
import { statement, type Transaction } from '../../../db/index.ts';
import { subjectCounters } from './tables.ts';

type Numbering = { studyId: string; siteId: string; studyCode: string; siteCode: string; pattern: string };

/**
 * Gives the site's next subject number. The counter's row stays locked until the transaction ends and goes back
 * with it: no number is given twice and none is left out (unlike with a sequence).
 */
export async function nextSubjectNumber(tx: Transaction, { studyId, siteId, studyCode, siteCode, pattern }: Numbering): Promise<string> {
  const [counter] = await statement(
    tx
      .insert(subjectCounters)
      .values({ studyId, siteId, last: 1 })
      .onConflictDoUpdate({
        target: [subjectCounters.studyId, subjectCounters.siteId],
        set: { last: sql`${subjectCounters.last} + 1` },
      })
      .returning({ last: subjectCounters.last }),
  );
  return formatSubjectNumber(pattern, { studyCode, siteCode, sequence: counter!.last });
}

/** Fills `{study}`, `{site}` and `{sequence:digits}`; a sequence that outgrows its digits just gets longer. */
export function formatSubjectNumber(pattern: string, values: { studyCode: string; siteCode: string; sequence: number }): string {
  return pattern.replaceAll(/\{(study|site|sequence):?(\d?)\}/g, (_whole, name: string, digits: string) => {
    if (name === 'study') return values.studyCode;
    if (name === 'site') return values.siteCode;
    return String(values.sequence).padStart(Number(digits), '0');
  });
}
