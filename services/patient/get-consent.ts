import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import { type ConsentInfo, toConsentInfo, withParts } from './consent-view.ts';
import type { PatientDeps } from './deps.ts';
import { consents } from './tables.ts';

/** One consent with its signers and purposes. Throws `consent_not_found`. */
export async function getConsent({ db }: PatientDeps, { input }: Read<{ consentId: string }>): Promise<ConsentInfo> {
  const [found] = await read(db, async (orm) =>
    withParts(db, orm, await orm.select().from(consents).where(eq(consents.id, input.consentId))),
  );
  if (!found) throw notFound('consent');
  return toConsentInfo(found);
}
