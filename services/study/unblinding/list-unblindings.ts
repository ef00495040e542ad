import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { type Page, type Read, toPage } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import type { Unblinding } from '../types.ts';
import { unblindingApprovals, unblindings } from './tables.ts';
import { toUnblindings } from './to-unblinding.ts';

type Asked = { studyId: string; cursor?: string | undefined; limit: number };

/** One page of a study's requests to unblind, newest first, each as it stands now. */
export async function listUnblindings({ db, clock }: StudyDeps, { input }: Read<Asked>): Promise<Page<Unblinding>> {
  const { studyId, cursor, limit } = input;
  const now = clock();
  const items = await read(db, async (orm) => {
    const rows = await orm
      .select({ request: unblindings, approval: unblindingApprovals })
      .from(unblindings)
      .leftJoin(unblindingApprovals, eq(unblindingApprovals.unblindingId, unblindings.id))
      .where(and(eq(unblindings.studyId, studyId), cursor === undefined ? undefined : lt(unblindings.id, cursor)))
      .orderBy(desc(unblindings.id))
      .limit(limit + 1);
    return toUnblindings(db, orm, rows, now);
  });
  return toPage(items, limit);
}
