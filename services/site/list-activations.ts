import { eq } from 'drizzle-orm';
import { covers, grantOf } from '../common/authority/index.ts';
import type { Read } from '../common/index.ts';
import { activationsWhere } from './activations-where.ts';
import type { SiteDeps } from './deps.ts';
import type { Activation } from './schemas.ts';
import { activations } from './tables.ts';

/** No study has more sites than this. */
const MAX_ACTIVATIONS = 1000;

/** All sites of a study within the caller's reach, by code; at most 1,000. */
export async function listActivations(
  { db }: SiteDeps,
  { ctx, input }: Read<{ studyId: string }>,
): Promise<{ items: Activation[] }> {
  const where = eq(activations.studyId, input.studyId);
  const items = await activationsWhere(db, { where, limit: MAX_ACTIVATIONS });
  const reach = grantOf(ctx);
  return { items: items.filter(({ siteId }) => covers(reach, { studyId: input.studyId, siteIds: [siteId] })) };
}
