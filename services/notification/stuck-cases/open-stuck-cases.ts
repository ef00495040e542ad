import { asc, isNull } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Ctx } from '../../common/index.ts';
import type { NotificationDeps } from '../deps.ts';
import { stuckCases } from './tables.ts';

/** What is not among these is found again by the next look, which changes nothing. */
const MOST = 500;

/** The cases that are not over, oldest first, at most 500. */
export async function openStuckCases({ db }: NotificationDeps, _call: { ctx: Ctx; key: string; input: object }) {
  const rows = await read(db, (orm) =>
    orm
      .select({ subject: stuckCases.subject, workflowId: stuckCases.workflowId })
      .from(stuckCases)
      .where(isNull(stuckCases.overAt))
      .orderBy(asc(stuckCases.id))
      .limit(MOST),
  );
  return { cases: rows };
}
