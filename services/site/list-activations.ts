import { eq } from 'drizzle-orm';
import type { Read } from '../common/index.ts';
import { activationsWhere } from './activations-where.ts';
import type { SiteDeps } from './deps.ts';
import type { Activation } from './schemas.ts';
import { activations } from './tables.ts';

/** No study has more sites than this. */
const MAX_ACTIVATIONS = 1000;

/** All sites of a study, by code; at most 1,000. */
export async function listActivations(
  { db }: SiteDeps,
  { input }: Read<{ studyId: string }>,
): Promise<{ items: Activation[] }> {
  const where = eq(activations.studyId, input.studyId);
  return { items: await activationsWhere(db, { where, limit: MAX_ACTIVATIONS }) };
}
