import { and, desc, eq, gt, lte, sql } from 'drizzle-orm';
import { read, type Transaction } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { consentVersions } from '../tables.ts';
import type { ConsentCurrency, SignedVersion } from '../types.ts';

type Signed = SignedVersion & { studyId: string; siteId: string };

/**
 * May who signed this consent version go on with it, or has the site approved a newer one that concerns them
 * (domain, "Amendment"; ICH E6(R3) 2.8.2)? A version for new participants alone concerns nobody who has signed.
 */
export async function consentIsCurrent({ db, clock }: StudyDeps, { input }: Read<Signed>): Promise<ConsentCurrency> {
  const version = await read(db, (orm) => supersedingVersion(orm, input, clock()));
  return version === null ? { current: true } : { current: false, version };
}

/**
 * The version to be signed instead of the signed one; null while that is current. Of a version that the site does not
 * know, every effective one is newer. Named is the newest effective version, as no other can be validly signed now.
 */
export async function supersedingVersion(
  reader: Pick<Transaction, 'select'>,
  { studyId, siteId, version, language }: Signed,
  now: Date,
): Promise<string | null> {
  const ofSite = and(eq(consentVersions.studyId, studyId), eq(consentVersions.siteId, siteId), eq(consentVersions.language, language));
  const signed = reader.select({ at: consentVersions.effectiveAt }).from(consentVersions).where(and(ofSite, eq(consentVersions.version, version)));
  const [newest] = await reader
    .select({ version: consentVersions.version, concerns: sql<boolean>`bool_or(${consentVersions.appliesTo} = 'all') over ()` })
    .from(consentVersions)
    .where(and(ofSite, lte(consentVersions.effectiveAt, now), gt(consentVersions.effectiveAt, sql`coalesce((${signed}), '-infinity')`)))
    .orderBy(desc(consentVersions.effectiveAt))
    .limit(1);
  return newest?.concerns ? newest.version : null;
}
