import { count, isNull, sql } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { StuckKind } from '../../common/index.ts';
import type { NotificationDeps } from '../deps.ts';
import { stuckCases } from './tables.ts';

/** How many cases are open by their kind; of at most `most`. */
export async function countStuckCases({ db }: NotificationDeps, { input }: { input: { most: number } }): Promise<{ kind: StuckKind; n: number }[]> {
  return read(db, (orm) => {
    const open = orm.select({ kind: stuckCases.kind }).from(stuckCases).where(isNull(stuckCases.overAt)).limit(input.most).as('open');
    return orm.select({ kind: open.kind, n: sql<number>`${count()}::int` }).from(open).groupBy(open.kind);
  });
}
