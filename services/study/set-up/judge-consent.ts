import { and, eq, gt, isNull, lte, or } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { isEntitled } from '../entitled.ts';
import { consentVersions } from '../tables.ts';
import type { ConsentValidity, JudgeConsent } from '../types.ts';

/**
 * Was this consent valid at `signedAt`: its version approved and in force at the site, in that language, with
 * that very document, and the discussion held by an investigator of the site or someone to whom `consent` was
 * delegated then? Periods include their start, not their end. ICH E6(R3) 2.8.7; domain, "Consent, in detail".
 */
export async function judgeConsent(
  { db }: StudyDeps,
  { input }: Read<JudgeConsent>,
): Promise<{ validity: ConsentValidity }> {
  const { studyId, siteId, version, language, documentSha256, discusserUserId } = input;
  const signedAt = new Date(input.signedAt);
  const [inForce, entitled] = await Promise.all([
    read(db, (orm) =>
      orm
        .select({ id: consentVersions.id })
        .from(consentVersions)
        .where(
          and(
            eq(consentVersions.studyId, studyId),
            eq(consentVersions.siteId, siteId),
            eq(consentVersions.language, language),
            eq(consentVersions.version, version),
            eq(consentVersions.documentSha256, documentSha256),
            lte(consentVersions.approvedAt, signedAt),
            lte(consentVersions.effectiveAt, signedAt),
            or(isNull(consentVersions.supersededAt), gt(consentVersions.supersededAt, signedAt)),
          ),
        ),
    ),
    discusserUserId === null
      ? false
      : read(db, (orm) => isEntitled(orm, { studyId, siteId, userId: discusserUserId, task: 'consent', roles: ['principal', 'sub'], at: signedAt })),
  ]);
  if (inForce.length === 0) return { validity: 'version_not_approved' };
  return { validity: entitled ? 'valid' : 'not_delegated' };
}
