import type { ServiceDatabase } from '../../db/index.ts';

const MOST_REMEMBERED = 10_000;
const remembered = new WeakMap<ServiceDatabase, Map<string, readonly string[]>>();

/**
 * The sites that a person was known to belong to when last looked; undefined for somebody nobody has looked for. They
 * only ever become more, so they may let a caller in, and never keep one out.
 */
export function rememberedSites(db: ServiceDatabase, patientId: string): readonly string[] | undefined {
  return remembered.get(db)?.get(patientId);
}

export function rememberSites(db: ServiceDatabase, patientId: string, siteIds: readonly string[]): void {
  const known = remembered.get(db) ?? new Map<string, readonly string[]>();
  remembered.set(db, known);
  if (known.size >= MOST_REMEMBERED) known.delete(known.keys().next().value ?? '');
  known.set(patientId, siteIds);
}
