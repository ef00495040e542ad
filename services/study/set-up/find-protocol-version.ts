import { and, eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { protocolVersions } from '../tables.ts';

/** The study's protocol version of this name, or null. */
export async function findProtocolVersion(
  { db }: StudyDeps,
  { input }: Read<{ studyId: string; version: string }>,
): Promise<{ protocolVersionId: string; effectiveAt: string } | null> {
  const [row] = await read(db, (orm) =>
    orm
      .select({ id: protocolVersions.id, effectiveAt: protocolVersions.effectiveAt })
      .from(protocolVersions)
      .where(and(eq(protocolVersions.studyId, input.studyId), eq(protocolVersions.version, input.version))),
  );
  return row ? { protocolVersionId: row.id, effectiveAt: row.effectiveAt.toISOString() } : null;
}
