import { and, eq, isNull } from 'drizzle-orm';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { codeBreaks } from './tables.ts';

/** Marks a code-break, or a refused attempt, as told. Repeating it changes nothing. Throws `code_break_not_found`. */
export async function markCodeBreakTold(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<{ codeBreakId: string }>,
): Promise<{ codeBreakId: string }> {
  const { codeBreakId } = input;
  return runCommand({ db, ledger, verb: 'markCodeBreakTold', key, content: input, ctx }, async (tx, audit) => {
    const [row] = await statement(tx.select({ toldAt: codeBreaks.toldAt }).from(codeBreaks).where(eq(codeBreaks.id, codeBreakId)).for('update'));
    if (!row) throw notFound('code_break');
    if (row.toldAt) return { codeBreakId };
    const toldAt = clock();
    await statement(tx.update(codeBreaks).set({ toldAt }).where(and(eq(codeBreaks.id, codeBreakId), isNull(codeBreaks.toldAt))));
    audit({ action: 'U', entity: 'code_break', entityId: codeBreakId, before: { toldAt: null }, after: { toldAt } });
    return { codeBreakId };
  });
}
