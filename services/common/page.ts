import { z } from 'zod';

/** One page of a list: at most `limit` items, newest id first; `cursor` is the last id of the page before. */
export const pageRequest = z.object({
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type PageRequest = z.output<typeof pageRequest>;

export type Page<T> = { items: T[]; nextCursor: string | null };

/** Makes a page of `limit + 1` rows that were asked for: the one too many tells that there is a next page. */
export function toPage<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
