import type { Site } from './schemas.ts';
import type { sites } from './tables.ts';

/** What is shown of a stored site. */
export function toSite(row: typeof sites.$inferSelect): Site {
  const { id, code, name, address, timezone, createdAt } = row;
  return { id, siteId: id, code, name, address, timezone, createdAt: createdAt.toISOString() };
}
