import type { studies } from '../tables.ts';
import type { Study } from '../types.ts';

/** What the outside sees of a row. */
export function toStudy({ createdAt, ...row }: typeof studies.$inferSelect): Study {
  return { ...row, studyId: row.id, createdAt: createdAt.toISOString() };
}
