import { uuidv7 } from 'uuidv7';
import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { protocolInvalid, protocolVersionExists } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { makeList } from '../randomisation/make-list.ts';
import { makeStrata } from '../randomisation/make-strata.ts';
import { type ProtocolBody, protocolBody, type ProtocolInput } from '../schemas.ts';
import { protocolVersions } from '../tables.ts';
import { written } from '../written.ts';

/**
 * Adds a protocol version, which never changes afterwards, and the seed of its randomisation list where it has one. The
 * body drives the process, so it is checked here whoever calls. Throws `protocol_invalid` (with paths, without values), `protocol_version_exists`, `study_not_found`.
 */
export async function addProtocolVersion(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<{ studyId: string; protocol: ProtocolInput }>,
): Promise<{ protocolVersionId: string }> {
  const parsed = protocolBody.safeParse(input.protocol);
  if (!parsed.success) {
    throw protocolInvalid(parsed.error.issues.slice(0, 50).map(({ path, message }) => ({ path: `/${path.join('/')}`, message })));
  }
  const body = parsed.data;
  const content = { studyId: input.studyId, protocol: body };
  return runCommand({ db, ledger, verb: 'addProtocolVersion', key, content, ctx }, async (tx, audit) => {
    const id = uuidv7();
    const now = clock();
    const { version, effectiveAt } = body;
    await written(
      tx.insert(protocolVersions).values({
        id,
        studyId: input.studyId,
        version,
        effectiveAt: new Date(effectiveAt),
        body,
        createdAt: now,
      }),
      { protocol_versions_version: protocolVersionExists },
    );
    const { randomisation: plan } = body;
    if (plan) await makeList(tx, { protocolVersionId: id, studyId: input.studyId, now });
    if (plan && !plan.bySite) await makeStrata(tx, { protocolVersionId: id, plan, siteId: null });
    audit({ action: 'C', entity: 'protocol_version', entityId: id, after: { studyId: input.studyId, protocol: concealed(body) } });
    return { protocolVersionId: id };
  });
}

/** The audit trail has blinded readers: of a randomisation they see by what it is stratified, neither arms nor block sizes. */
function concealed({ randomisation, ...body }: ProtocolBody) {
  if (!randomisation) return body;
  const { arms, blockSizes, ...seen } = randomisation;
  return { ...body, randomisation: { ...seen, arms: arms.length, blockSizes: blockSizes.length } };
}
