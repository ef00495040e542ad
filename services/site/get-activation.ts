import { and, eq } from 'drizzle-orm';
import type { Read } from '../common/index.ts';
import { activationsWhere } from './activations-where.ts';
import type { SiteDeps } from './deps.ts';
import type { Activation } from './schemas.ts';
import { activations } from './tables.ts';

/** A site's part in a study, or null when it takes none. */
export async function getActivation(
  { db }: SiteDeps,
  { input }: Read<{ studyId: string; siteId: string }>,
): Promise<Activation | null> {
  const where = and(eq(activations.studyId, input.studyId), eq(activations.siteId, input.siteId));
  const [activation] = await activationsWhere(db, { where, limit: 1 });
  return activation ?? null;
}
