import { and, eq } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { consents } from './tables.ts';

/** Who asks without knowing the person, as EDC does, leaves `patientId` out. */
export type Consenting = { enrollmentId: string; studyId: string; siteId: string; patientId?: string };

/**
 * Has the participant of this enrollment, who consented to this study at this site, a consent to it that stands: valid
 * when it was signed, and not entered in error since? Before and without one nothing is done to a participant
 * (21 CFR 50.20, ICH E6(R3) 2.8.1). Whether its version is still the current one is Study's to say.
 */
export async function consentInForce({ db }: PatientDeps, { input }: Read<Consenting>): Promise<{ inForce: boolean }> {
  const { enrollmentId, studyId, siteId, patientId } = input;
  const own = alias(consents, 'own');
  const [found] = await read(db, (orm) =>
    orm
      .select({ id: consents.id })
      .from(own)
      .innerJoin(consents, eq(consents.patientId, own.patientId))
      .where(
        and(
          eq(own.enrollmentId, enrollmentId),
          patientId === undefined ? undefined : eq(own.patientId, patientId),
          // Of the enrollment's own consent too: an id that belongs to another study or site is nobody's consent here.
          ...[own, consents].flatMap((one) => [eq(one.studyId, studyId), eq(one.siteId, siteId)]),
          eq(consents.status, 'active'),
          eq(consents.validity, 'valid'),
        ),
      )
      .limit(1),
  );
  return { inForce: found !== undefined };
}
