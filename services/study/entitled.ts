import { and, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/index.ts';
import { delegations, investigators } from './tables.ts';

type Asked = {
  studyId: string;
  siteId: string;
  userId: string;
  /** The task that must be delegated to whoever is none of these investigators. */
  task: 'consent' | 'eligibility' | 'unblinding';
  roles: readonly ('principal' | 'sub')[];
  at: Date;
};

/**
 * Was this person entitled at that moment: an investigator of the site in one of these roles, or somebody to whom
 * the task was delegated (delegation log, ICH E6(R3))? Periods include their start, not their end.
 */
export async function isEntitled(
  reader: Pick<Transaction, 'select'>,
  { studyId, siteId, userId, task, roles, at }: Asked,
): Promise<boolean> {
  const investigator = reader
    .select({ one: sql`1` })
    .from(investigators)
    .where(and(eq(investigators.studyId, studyId), eq(investigators.siteId, siteId), eq(investigators.userId, userId), inArray(investigators.role, roles)));
  const delegated = reader
    .select({ one: sql`1` })
    .from(delegations)
    .where(
      and(
        eq(delegations.studyId, studyId),
        eq(delegations.siteId, siteId),
        eq(delegations.userId, userId),
        sql`${task} = any(${delegations.tasks})`,
        lte(delegations.validFrom, at),
        or(isNull(delegations.validTo), gt(delegations.validTo, at)),
        or(isNull(delegations.endedAt), gt(delegations.endedAt, at)),
      ),
    );
  const [row] = await reader.select({ entitled: sql<boolean>`exists (${investigator}) or exists (${delegated})` }).from(sql`(values (1)) as one`);
  return row?.entitled ?? false;
}
