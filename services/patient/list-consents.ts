import { and, desc, eq, lt } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import { covers, grantOf } from '../common/authority/index.ts';
import { type Page, type PageRequest, type Read, toPage } from '../common/index.ts';
import { type ConsentInfo, toConsentInfo, withParts } from './consent-view.ts';
import type { PatientDeps } from './deps.ts';
import { patientExists } from './patient-exists.ts';
import { consents } from './tables.ts';

/** A person's consents, newest first, those entered in error among them. Throws `patient_not_found`. */
export async function listConsents(
  { db }: PatientDeps,
  { ctx, input }: Read<{ patientId: string } & PageRequest>,
): Promise<Page<ConsentInfo>> {
  const { patientId, cursor, limit } = input;
  const found = await read(db, async (orm) => {
    await patientExists(orm, patientId);
    const rows = await orm
      .select()
      .from(consents)
      .where(and(eq(consents.patientId, patientId), cursor ? lt(consents.id, cursor) : undefined))
      .orderBy(desc(consents.id))
      .limit(limit + 1);
    return withParts(db, orm, rows);
  });
  const { items, nextCursor } = toPage(found.map(toConsentInfo), limit);
  // A person may have signed at several sites; each sees its own.
  const reach = grantOf(ctx);
  return { items: items.filter(({ siteId }) => covers(reach, { siteIds: [siteId], patientId })), nextCursor };
}
