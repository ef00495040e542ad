import { eq } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { notFound, type Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { protocolVersions } from '../tables.ts';
import type { Protocol } from '../types.ts';

/** A protocol version with its whole body. Throws `protocol_version_not_found`. */
export async function getProtocol({ db }: StudyDeps, { input }: Read<{ protocolVersionId: string }>): Promise<Protocol> {
  const [row] = await read(db, (orm) =>
    orm.select().from(protocolVersions).where(eq(protocolVersions.id, input.protocolVersionId)),
  );
  if (!row) throw notFound('protocol_version');
  const { id, studyId, version, effectiveAt, body } = row;
  return { protocolVersionId: id, studyId, version, effectiveAt: effectiveAt.toISOString(), body };
}
