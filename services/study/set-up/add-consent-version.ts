import { and, asc, eq, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { consentVersionExists, consentVersionOverlaps } from '../errors.ts';
import { ledger } from '../ledger.ts';
import type { NewConsentVersion } from '../schemas.ts';
import { consentVersions } from '../tables.ts';
import { written } from '../written.ts';

/**
 * Adds an approved consent version of a site in a language. The one in force before it is superseded at the
 * moment when this one becomes effective; one added late takes its place between its neighbours.
 * Throws `consent_version_exists`, `consent_version_overlaps` (equal effective times), `study_not_found`.
 */
export async function addConsentVersion(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewConsentVersion & { studyId: string }>,
): Promise<{ consentVersionId: string }> {
  return runCommand({ db, ledger, verb: 'addConsentVersion', key, content: input, ctx }, async (tx, audit) => {
    const { studyId, siteId, language, version, documentSha256, concerns = null, appliesTo = 'all' } = input;
    const effectiveAt = new Date(input.effectiveAt);
    // Two versions added at once would both take the same predecessor for theirs.
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`consent/${studyId}/${siteId}/${language}`}, 0))`));
    const others = await statement(
      tx
        .select({ id: consentVersions.id, effectiveAt: consentVersions.effectiveAt, supersededAt: consentVersions.supersededAt })
        .from(consentVersions)
        .where(and(eq(consentVersions.studyId, studyId), eq(consentVersions.siteId, siteId), eq(consentVersions.language, language)))
        .orderBy(asc(consentVersions.effectiveAt)),
    );
    const before = others.findLast((other) => other.effectiveAt < effectiveAt);
    const next = others.find((other) => other.effectiveAt > effectiveAt);
    const id = uuidv7();
    await written(
      tx.insert(consentVersions).values({
        id,
        studyId,
        siteId,
        language,
        version,
        approvedAt: new Date(input.approvedAt),
        effectiveAt,
        supersededAt: next?.effectiveAt ?? null,
        documentSha256,
        concerns,
        appliesTo,
        createdAt: clock(),
      }),
      { consent_versions_version: consentVersionExists, consent_versions_effective: consentVersionOverlaps },
    );
    audit({ action: 'C', entity: 'consent_version', entityId: id, after: input });
    if (before) {
      await statement(tx.update(consentVersions).set({ supersededAt: effectiveAt }).where(eq(consentVersions.id, before.id)));
      audit({
        action: 'U',
        entity: 'consent_version',
        entityId: before.id,
        before: { supersededAt: before.supersededAt },
        after: { supersededAt: effectiveAt },
      });
    }
    return { consentVersionId: id };
  });
}
