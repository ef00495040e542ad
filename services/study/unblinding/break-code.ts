import { eq, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { read, runCommand, statement, together } from '../../../db/index.ts';
import { type Call, notFound } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { isEntitled } from '../entitled.ts';
import { notEntitledToUnblind, notRandomised } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { writeMilestone } from '../enrollments/record.ts';
import { enrollments } from '../enrollments/tables.ts';
import { codeBreakCells } from '../sealed-rows.ts';
import type { CodeBroken } from '../types.ts';
import { armOf } from './arm-of.ts';
import { refusedUntil } from './code-break-limit.ts';
import { personOf } from './person-of.ts';
import { codeBreaks } from './tables.ts';

type Asked = { enrollmentId: string; reason: string };
/** What the ledger keeps: never the arm. */
type Kept = { codeBreakId: string; at: string; retryAt: string | null };

/**
 * Emergency unblinding (ICH E6(R3) 2.6, 4.1.4): one investigator of the subject's site, entitled at that moment, sees
 * that subject's arm at once. Break, audit row and milestone are one transaction of Study's database, and nothing else
 * is waited for; whom it concerns is told afterwards (the row is the outbox). The same key answers the same. Beyond the
 * limit the attempt is recorded, to be told as well, and answered with `retryAt` instead of an arm. Throws
 * `enrollment_not_found`, `not_entitled_to_unblind`, `not_randomised`. The caller has re-authenticated the person.
 */
export async function breakCode({ db, clock }: StudyDeps, { ctx, key, input }: Call<Asked>): Promise<CodeBroken> {
  const { enrollmentId, reason } = input;
  const by = personOf(ctx.actor);
  const kept = await runCommand<Kept>({ db, ledger, verb: 'breakCode', key, content: input, ctx: { ...ctx, reason } }, async (tx, audit) => {
    // One at a time for each person, or breaks of the same moment would not count each other.
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`code-break/${by.userId}`}, 0))`));
    const now = clock();
    const [[record], assigned, dataKey] = await together([
      statement(tx.select().from(enrollments).where(eq(enrollments.id, enrollmentId))),
      statement(armOf(tx, enrollmentId)),
      db.vault.keyFor(tx, enrollmentId),
    ]);
    if (!record) throw notFound('enrollment');
    const { studyId, siteId, stage } = record;
    const authority = { studyId, siteId, userId: by.userId, task: 'unblinding', roles: ['principal'], at: now } as const;
    if (!(await statement(isEntitled(tx, authority)))) throw notEntitledToUnblind();
    if (!assigned) throw notRandomised();
    const retryAt = await refusedUntil(tx, { userId: by.userId, enrollmentId, now });

    const codeBreakId = uuidv7();
    const result = retryAt ? 'refused' : 'broken';
    const said = codeBreakCells(dataKey, codeBreakId).seal('reason', reason);
    await statement(tx.insert(codeBreaks).values({ id: codeBreakId, enrollmentId, result, ...by, reason: said, at: now }));
    if (!retryAt) {
      const details = { codeBreakId, category: 'OTHER EVENT', emergency: true };
      await writeMilestone(tx, { enrollmentId, at: now, event: 'TREATMENT UNBLINDED', stage, actor: ctx.actor, details });
    }
    audit({ action: 'E', entity: 'code_break', entityId: codeBreakId, after: { enrollmentId, result } });
    return { codeBreakId, at: now.toISOString(), retryAt: retryAt?.toISOString() ?? null };
  });
  const { codeBreakId, at, retryAt } = kept;
  if (retryAt !== null) return { broken: false, codeBreakId, retryAt };
  const [assigned, [record]] = await read(db, (orm) =>
    Promise.all([armOf(orm, enrollmentId), orm.select({ subjectNumber: enrollments.subjectNumber }).from(enrollments).where(eq(enrollments.id, enrollmentId))]),
  );
  if (!assigned || !record) throw new Error('an allocation that was there is gone, although allocations are never deleted');
  return { broken: true, codeBreakId, enrollmentId, subjectNumber: record.subjectNumber, arm: assigned.arm, at };
}
