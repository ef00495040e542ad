import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { contacts, investigators } from '../tables.ts';
import type { Recipient } from '../types.ts';

/** More people than this at one site are a mistake in the contacts, not an audience. */
const MAX_RECIPIENTS = 200;

/**
 * The staff to tell about a site: its investigators (`principal`, `sub`) and the contacts in these roles, of the
 * site and of all sites. Once per user and role; the site's own entry goes before the one for all sites.
 */
export async function listRecipients(
  { db }: StudyDeps,
  { input }: Read<{ studyId: string; siteId: string; roles: string[] }>,
): Promise<{ items: Recipient[] }> {
  const { studyId, siteId, roles } = input;
  const investigatorRoles = investigators.role.enumValues.filter((role) => roles.includes(role));
  const [atSite, others] = await Promise.all([
    investigatorRoles.length === 0
      ? []
      : read(db, (orm) =>
          orm
            .select({ userId: investigators.userId, role: investigators.role, name: investigators.name, email: investigators.email })
            .from(investigators)
            .where(and(eq(investigators.studyId, studyId), eq(investigators.siteId, siteId), inArray(investigators.role, investigatorRoles)))
            .orderBy(asc(investigators.id))
            .limit(MAX_RECIPIENTS),
        ),
    read(db, (orm) =>
      orm
        .selectDistinctOn([contacts.role, contacts.userId], {
          userId: contacts.userId,
          role: contacts.role,
          name: contacts.name,
          email: contacts.email,
        })
        .from(contacts)
        .where(and(eq(contacts.studyId, studyId), or(eq(contacts.siteId, siteId), isNull(contacts.siteId)), inArray(contacts.role, roles)))
        .orderBy(asc(contacts.role), asc(contacts.userId), sql`${contacts.siteId} nulls last`)
        .limit(MAX_RECIPIENTS),
    ),
  ]);
  return { items: [...atSite, ...others] };
}
